// Runs scenarios through react-hook-form: reads a list of them from a file, prints the list of their traces.
import fs from 'node:fs';
import { run } from './oracle.mjs';

const traces = [];
for (const scenario of JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))) traces.push((await run(scenario)).trace);
fs.writeFileSync(process.argv[3], JSON.stringify(traces));
process.exit(0); // timers of forms that were left behind
