// The scenarios of tests/benchmarks/query.py on query-core: prints {name: seconds of one operation}, the median of its repeats.
import { QueryClient, QueryObserver, notifyManager } from '@tanstack/query-core'

// Listeners are called before the write returns, as in Python, and not a turn later.
notifyManager.setScheduler((call) => call())

const clients = []
const make = () => {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: Infinity } } })
  clients.push(client)
  return client
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1]

function measure({ steps, prepare, run }) {
  const world = prepare()
  const times = []
  for (let repeat = -3; repeat < 9; repeat++) {
    const started = performance.now()
    for (let step = 0; step < steps; step++) run(world, repeat * steps + step)
    if (repeat >= 0) times.push((performance.now() - started) / 1000 / steps)
    world.between?.()
  }
  return median(times)
}

const observed = (observers) => () => {
  const client = make()
  client.setQueryData(['agents'], { n: -1, rows: [] })
  for (let i = 0; i < observers; i++) new QueryObserver(client, { queryKey: ['agents'] }).subscribe(() => {})
  return { client }
}
const write = ({ client }, n) => client.setQueryData(['agents'], { n, rows: [] })

const filled = (matching, others) => () => {
  const client = make()
  for (let i = 0; i < matching; i++) client.setQueryData(['agents', 'detail', String(i)], i)
  for (let i = 0; i < others; i++) client.setQueryData(['pipelines', 'detail', String(i)], i)
  const refresh = () => client.setQueriesData({ queryKey: ['agents'] }, (n) => n + 1)
  return { client, between: refresh }
}

const scenarios = {
  'read what is cached': { steps: 20000, prepare: observed(1), run: ({ client }) => client.getQueryData(['agents']) },
  'write, 1 observer': { steps: 2000, prepare: observed(1), run: write },
  'write, 100 observers': { steps: 100, prepare: observed(100), run: write },
  'write, 10,000 observers': { steps: 2, prepare: observed(10000), run: write },
  'find 10 of 10,000 by prefix': {
    steps: 10,
    prepare: filled(10, 9990),
    run: ({ client }) => client.getQueriesData({ queryKey: ['agents', 'detail'] }),
  },
  'find 10,000 of 10,000': {
    steps: 10,
    prepare: filled(10000, 0),
    run: ({ client }) => client.getQueriesData({ queryKey: ['agents', 'detail'] }),
  },
  'invalidate 1,000': {
    steps: 1,
    prepare: filled(1000, 0),
    run: ({ client }) => client.invalidateQueries({ queryKey: ['agents'], refetchType: 'none' }),
  },
  'invalidate 1,000 among 10,000': {
    steps: 1,
    prepare: filled(1000, 9000),
    run: ({ client }) => client.invalidateQueries({ queryKey: ['agents'], refetchType: 'none' }),
  },
}

const results = Object.fromEntries(Object.entries(scenarios).map(([name, scenario]) => [name, measure(scenario)]))
for (const client of clients) client.clear()
console.log(JSON.stringify(results))
