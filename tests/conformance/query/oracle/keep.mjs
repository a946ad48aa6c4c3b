// What the makers of random scenarios share: a seeded dice, and a loop that runs the oracle and keeps the scenarios
// that are stable under perturbed scheduling.
import fs from 'node:fs'
import { runScenario } from './run.mjs'
import { canon } from './lib.mjs'
import { core, format } from './view.mjs'

export function rng(seed) {
  let s = seed >>> 0
  const r = () => {
    s = (s + 0x6d2b79f5) >>> 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (lo, hi) => lo + Math.floor(r() * (hi - lo + 1))
  const pick = (xs) => xs[int(0, xs.length - 1)]
  const p = (x) => r() < x
  return { int, pick, p }
}

// OUT_DIR [--count N | --keep N] [--seed S]: `--keep N` goes on until N stable ones are there
export async function cli(make) {
  const a = process.argv.slice(2)
  const opt = (n, d) => (a.includes('--' + n) ? Number(a[a.indexOf('--' + n) + 1]) : d)
  const out = a[0]
  const count = opt('count', 200)
  const seed0 = opt('seed', 1)
  const keep = opt('keep', 0)
  fs.mkdirSync(out + '/scenarios', { recursive: true })
  fs.mkdirSync(out + '/traces', { recursive: true })
  let kept = 0
  let unstable = 0
  for (let s = seed0; keep ? kept < keep : s < seed0 + count; s++) {
    const sc = make(s, rng(s))
    let base
    try {
      base = await runScenario(sc, {})
    } catch (e) {
      if (!/quiescent/.test(e.message)) throw e
      unstable++ // it fetches again and again without time going on
      continue
    }
    const b = canon(core(base, sc))
    let ok = !b.includes('[object Object]') // an error that went through JSON is none any more
    for (const o of [{ tie: 'lifo' }, { drainBetween: false }, { hops: 3 }, { hops: 9, tie: 'lifo' }, { resumeHops: 25 }, { cbHops: 6 }, { hops: 2, tie: 'lifo', drainBetween: false, resumeHops: 40, cbHops: 3 }]) if (canon(core(await runScenario(sc, o), sc)) !== b) ok = false
    if (!ok) {
      unstable++
      continue
    }
    kept++
    fs.writeFileSync(`${out}/scenarios/${sc.name}.json`, JSON.stringify(sc, null, 1) + '\n')
    fs.writeFileSync(`${out}/traces/${sc.name}.json`, format(base))
  }
  console.log(`${kept} kept, ${unstable} dropped as order-sensitive`)
}
