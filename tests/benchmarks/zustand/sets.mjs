// Times zustand's setState: node sets.mjs LISTENERS KEYS ROUNDS SETS prints the nanoseconds of one set, a round a line.
import { createStore } from "zustand/vanilla";
import { subscribeWithSelector } from "zustand/middleware";

const [listeners, keys, rounds, sets] = process.argv.slice(2).map(Number);
const initial = Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, 0]));
const store = createStore(subscribeWithSelector(() => initial));
let heard = 0;
for (let index = 0; index < listeners; index++) {
  const key = `k${index === 0 ? 0 : 1 + (index % (keys - 1))}`;
  store.subscribe(
    (state) => state[key],
    () => {
      heard += 1;
      if (index > 0) throw new Error("an unconcerned listener was called");
    },
  );
}
let value = 0;
for (let round = 0; round < rounds; round++) {
  const started = process.hrtime.bigint();
  for (let set = 0; set < sets; set++) store.setState({ k0: ++value });
  console.log(Number(process.hrtime.bigint() - started) / sets);
}
if (heard !== rounds * sets) throw new Error(`heard ${heard} of ${rounds * sets}`);
