/** A style sheet as text, bundled and minified by `build.mjs`. */
declare module "*.css?inline" {
  const css: string;
  export default css;
}
