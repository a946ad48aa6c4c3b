// Bundles src/index.ts into ../kaizen_widgets/static/canvas.{js,css} and prints their sizes.
// Option: --dev keeps names and adds an inline source map.
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

/** React has had this hook since version 18; zustand, which React Flow uses, still brings a copy. */
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

const result = await build({
  entryPoints: { canvas: join(here, "src", "index.ts") },
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["chrome111", "firefox113", "safari16.4"],
  minify: !dev,
  sourcemap: dev ? "inline" : false,
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": dev ? '"development"' : '"production"' },
  plugins: [scopeVendorCss, withoutColors, withoutShims],
  write: true,
  metafile: true,
  logLevel: "warning",
});

for (const path of Object.keys(result.metafile.outputs)) {
  const bytes = await readFile(resolve(path));
  const kb = (count) => `${(count / 1000).toFixed(1)} kB`;
  console.log(`${path}  ${kb(bytes.length)}  gzip ${kb(gzipSync(bytes, { level: 6 }).length)}`);
}
