// Bundles each src/<name>/bundle.ts into ../kaizen_widgets/static/<name>.js, styles included, and
// src/loader.ts, which finds them in a page; prints their sizes.
// Option: --dev keeps names and adds an inline source map.
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, "..", "kaizen_widgets", "static");
const dev = process.argv.includes("--dev");

/**
 * Puts React Flow's own rules under our root class: JupyterLab adds a widget's CSS to the whole page,
 * where another widget may have brought another React Flow. Nesting is lowered by esbuild.
 */
const scopeVendorCss = {
  name: "scope-vendor-css",
  setup(setup) {
    setup.onLoad({ filter: /@xyflow[\\/]react[\\/]dist[\\/].*\.css$/ }, async ({ path }) => {
      const css = await readFile(path, "utf8");
      // Keyframes cannot be nested, so they get a name of their own instead.
      const keyframes = css.match(/@keyframes[^{]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g) ?? [];
      const rest = keyframes.reduce((text, frames) => text.replace(frames, ""), css);
      const contents = `${keyframes.join("\n")}\n.kaizen-canvas {\n${rest}\n}`;
      return { contents: contents.replaceAll("dashdraw", "kaizen-dashdraw"), loader: "css" };
    });
  },
};

/**
 * Leaves d3-color out (10 kB): d3-transition brings it to tween colours, and React Flow tweens viewports
 * only. `color` answers "no colour", upon which d3-transition tweens a text as a text.
 */
const withoutColors = {
  name: "without-colors",
  setup(setup) {
    setup.onResolve({ filter: /^d3-color$/ }, () => ({
      path: "d3-color",
      namespace: "without-colors",
    }));
    setup.onLoad({ filter: /.*/, namespace: "without-colors" }, () => ({
      contents: ["color", "cubehelix", "hcl", "hsl", "lab", "rgb"]
        .map((name) => `export const ${name} = () => null;`)
        .join("\n"),
    }));
  },
};

/** "react" is preact here (see package.json) and has this hook; zustand still brings a copy of it. */
const withoutShims = {
  name: "without-shims",
  setup(setup) {
    const filter = /^use-sync-external-store\/shim(\/index\.js)?$/;
    setup.onResolve({ filter }, () => ({ path: "react-hook", namespace: "without-shims" }));
    setup.onLoad({ filter: /.*/, namespace: "without-shims" }, () => ({
      contents: 'export { useSyncExternalStore } from "react";',
      resolveDir: here,
    }));
  },
};

const common = {
  bundle: true,
  target: ["chrome111", "firefox113", "safari16.4"],
  minify: !dev,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

/** `import css from "./theme.css?inline"` gives the style sheet, its imports included, as text. */
const inlineCss = {
  name: "inline-css",
  setup(setup) {
    setup.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?inline", "")),
      namespace: "inline-css",
    }));
    setup.onLoad({ filter: /.*/, namespace: "inline-css" }, async ({ path }) => {
      const { outputFiles } = await build({
        ...common,
        entryPoints: [path],
        plugins: [scopeVendorCss],
        write: false,
      });
      return { contents: outputFiles[0].text, loader: "text" };
    });
  },
};

const bundles = readdirSync(join(here, "src"))
  .map((name) => [name, join(here, "src", name, "bundle.ts")])
  .filter(([, entry]) => existsSync(entry));

const result = await build({
  ...common,
  entryPoints: { ...Object.fromEntries(bundles), loader: join(here, "src", "loader.ts") },
  outdir: out,
  format: "esm",
  sourcemap: dev ? "inline" : false,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": dev ? '"development"' : '"production"' },
  plugins: [inlineCss, withoutColors, withoutShims],
  metafile: true,
});

for (const path of Object.keys(result.metafile.outputs)) {
  const bytes = await readFile(resolve(path));
  const kb = (count) => `${(count / 1000).toFixed(1)} kB`;
  console.log(`${path}  ${kb(bytes.length)}  gzip ${kb(gzipSync(bytes, { level: 6 }).length)}`);
}
