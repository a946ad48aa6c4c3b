// Writes the TypeScript of each protocol from the JSON Schema of its Python messages.
// Schema: what is piped in with `--stdin`, else what `$PYTHON -m kaizen_widgets.sync.protocol_schema NAME` prints.
// Options: --stdin reads the canvas's schema from standard input; --stdout prints instead of writing, one
// protocol after the other.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "..");
const piped = process.argv.includes("--stdin");
const printed = process.argv.includes("--stdout");

const PROTOCOLS = [
  {
    name: "canvas",
    source: "canvas/messages.py",
    target: join("src", "canvas", "protocol.gen.ts"),
  },
  { name: "form", source: "form/messages.py", target: join("src", "form", "protocol.gen.ts") },
];

function schema(name) {
  if (piped) return readFileSync(0, "utf8");
  const python = process.env.PYTHON ?? join(root, ".venv", "bin", "python");
  const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };
  return execFileSync(python, ["-m", "kaizen_widgets.sync.protocol_schema", name], options);
}

for (const { name, source, target } of piped ? PROTOCOLS.slice(0, 1) : PROTOCOLS) {
  const bannerComment = `// Generated from kaizen_widgets/sync/${source}: do not edit.
// To make it again: npm --prefix js run codegen
`;
  const types = await compile(JSON.parse(schema(name)), "Protocol", {
    additionalProperties: false,
    bannerComment,
    // Tuples of 1 to 64 items would be spelt out, one union member for each length.
    ignoreMinAndMaxItems: true,
    style: { printWidth: 100 },
  });
  if (printed) process.stdout.write(types);
  else writeFileSync(join(here, target), types);
}
