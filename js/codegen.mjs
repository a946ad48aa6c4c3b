// Writes src/protocol.gen.ts from the JSON Schema of the Python messages.
// Schema: what is piped in with `--stdin`, else what `$PYTHON -m kaizen_widgets.sync.schema` prints.
// Options: --stdin reads the schema from standard input; --stdout prints instead of writing.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "..");
const target = join(here, "src", "protocol.gen.ts");

function schema() {
  if (process.argv.includes("--stdin")) return readFileSync(0, "utf8");
  const python = process.env.PYTHON ?? join(root, ".venv", "bin", "python");
  const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };
  return execFileSync(python, ["-m", "kaizen_widgets.sync.schema"], options);
}

const banner = `// Generated from kaizen_widgets/sync/messages.py: do not edit.
// To make it again: npm --prefix js run codegen
`;

const types = await compile(JSON.parse(schema()), "Protocol", {
  additionalProperties: false,
  bannerComment: banner,
  // Tuples of 1 to 64 items would be spelt out, one union member for each length.
  ignoreMinAndMaxItems: true,
  style: { printWidth: 100 },
});
if (process.argv.includes("--stdout")) process.stdout.write(types);
else writeFileSync(target, types);
