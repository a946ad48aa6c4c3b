#!/usr/bin/env node
// Random scenarios of what fuzz.mjs does not walk: pages at both ends, options that are functions, select and
// placeholders that raise, results that are none, entries removed under observers, two clients that hydrate.
//   node wide.mjs OUT_DIR [--count 200 | --keep 200] [--seed 1]
import { cli } from './keep.mjs'

function make(seed, { int, pick, p }) {
  const theme = pick(['pages', 'options', 'options', 'changes', 'two'])
  const KEYS = [['a', 1], ['a', { f: 'x' }], ['b']]
  const PAGED = [['feed'], ['feed', 2]]
  const FILTERS = [{ key: ['a'] }, { key: ['a', 1], exact: true }, { key: ['b'] }, {}, { key: ['feed'] }, { predicate: { $fn: 'status', value: 'error' } }, { predicate: { $fn: 'keyIncludes', value: 1 } }, { predicate: { $fn: 'metaEquals', field: 'm', value: 1 } }, { stale: true }, { stale: false }, { fetchStatus: 'paused' }, { fetchStatus: 'fetching' }, { type: 'inactive' }, { type: 'active' }]
  const flags = { on: p(0.5), every: pick([false, 250]), stale: pick([0, 400, 'Infinity', 'static']), retryOnMount: p(0.5), mount: pick([true, false, 'always']) }
  const fns = {}
  const shapes = () => pick([
    { v: '$n', k: '$key', l: [{ id: 1 }, { id: 2, n: '$n' }] },
    { v: '$n', l: [{ id: 1 }] },
    { v: pick([0, '', false, null]), l: [] },
    [1, '$n', { x: '$n' }],
    null,
    0,
    '$n',
  ])
  const outcome = (err) => {
    const r = int(0, 99)
    if (r < err) return p(0.2) ? { sync: true, error: 'se' } : { after: int(5, 400), error: pick(['e1', 'e2', 'fatal']) }
    if (r > 97) return { never: true }
    if (r > 94) return { after: int(5, 60) }
    return { after: pick([0, int(5, 400)]), data: shapes() }
  }
  const script = (make, n = 5) => Array.from({ length: int(1, n) }, make)
  for (const k of ['f', 'g', 'h']) {
    const err = pick([0, 25, 60])
    fns[k] = { signal: pick(['ignore', 'ignore', 'consume', 'reject']), script: script(() => outcome(err)) }
  }
  for (const k of ['page1', 'page2']) {
    const err = pick([0, 20, 45])
    fns[k] = { signal: pick(['ignore', 'consume', 'reject']), script: script(() => (int(0, 99) < err ? { after: int(5, 200), error: pick(['pe1', 'pe2']) } : { after: int(5, 200), data: { items: ['$page', '$n'], next: '$nextUpTo:' + int(1, 4), prev: '$prevDownTo:' + int(-3, 0) } }), 8) }
  }
  for (let i = 1; i <= 9; i++) fns['m' + i] = { per: 'vars', script: script(() => (p(0.4) ? (p(0.2) ? { sync: true, error: 'ms' } : { after: int(5, 600), error: pick(['me', 'fatal']) }) : pick([{ after: int(5, 600), data: '$vars' }, { after: int(5, 600), data: null }])), 4) }
  const net = () => pick(['online', 'online', 'offlineFirst', 'always'])
  const retry = () => pick([0, 1, 2, false, { $fn: 'unlessMessage', message: 'fatal', max: 3 }, { $fn: 'upTo', max: 2 }])
  const delay = () => pick([37, 211, { $fn: 'linear', base: 53 }, { $fn: 'exp', base: 40, max: 300 }])
  const defaults = () => ({
    queries: { staleTime: pick([0, 0, 150, 1000]), gcTime: pick([300, 1500, 300000]), retry: retry(), retryDelay: delay(), networkMode: net() },
    mutations: { retry: pick([0, 0, 1, { $fn: 'unlessMessage', message: 'fatal', max: 2 }]), retryDelay: delay(), networkMode: net() },
  })
  const steps = []
  const live = []
  const idle = []
  const muts = []
  const paged = new Set()
  let n = 0
  let pn = 0
  let dn = 0
  const as = () => 'p' + ++pn
  const client = () => (theme === 'two' && p(0.4) ? { client: 'two' } : {})
  const T = () => pick([
    { $fn: 'pick', path: ['v'] }, { $fn: 'wrap', field: 'w' }, { $fn: 'pick', path: ['l'] }, { $fn: 'const', value: { c: [1] } },
    { $fn: 'none' }, { $fn: 'throw', message: 'sel' }, { $fn: 'throwIf', path: ['v'], equals: int(1, 3), message: 'sel-if' }, { $fn: 'identity' },
  ])
  const options = (infinite) => {
    const o = { key: pick(infinite ? PAGED : KEYS), fn: infinite ? pick(['page1', 'page2']) : pick(['f', 'g', 'h', 'f', 'g', 'skip']) }
    if (infinite) {
      o.initialPageParam = 0
      const byParam = p(0.5)
      o.getNextPageParam = byParam ? { $fn: 'paramStep', by: 1, max: int(1, 4) } : { $fn: 'field', field: 'next' }
      if (p(0.6)) o.getPreviousPageParam = byParam ? { $fn: 'paramStep', by: -1, min: int(-3, 0) } : { $fn: 'field', field: 'prev' }
      if (p(0.5)) o.maxPages = int(1, 3)
      if (p(0.25)) o.select = pick([{ $fn: 'flatPages', field: 'items' }, { $fn: 'throw', message: 'sel' }])
    } else {
      if (p(0.08)) delete o.fn
      if (p(0.3)) o.select = T()
      if (o.select?.message) return o // what a placeholder shows of a select that raises is a moment's matter
      if (p(0.2)) o.placeholderData = pick([{ $fn: 'keepPrevious' }, { v: 'ph', l: [] }, { $fn: 'const', value: { ph: [1] } }, { $fn: 'none' }, null, 0])
      if (p(0.1)) o.initialData = pick([{ v: 0, l: [{ id: 1 }] }, null, { $fn: 'const', value: { v: 'made' } }])
      if ('initialData' in o && p(0.5)) o.initialDataUpdatedAt = pick([0, -1000, -100000])
    }
    if (p(0.3)) o.staleTime = pick([0, 97, 777, 'Infinity', 'static', { $fn: 'flag', name: 'stale' }, { $fn: 'byData', path: ['v'], cases: [[1, 200], [2, 'Infinity']], else: 0 }])
    if (p(0.2)) o.enabled = pick([false, { $fn: 'flag', name: 'on' }, { $fn: 'hasData' }])
    if (p(0.15)) o.refetchInterval = pick([333, 901, { $fn: 'flag', name: 'every' }, { $fn: 'untilData', path: ['v'], equals: int(2, 4), ms: 150 }])
    if (p(0.1)) o.refetchIntervalInBackground = p(0.5)
    if (p(0.2)) o.refetchOnMount = pick([true, false, 'always', { $fn: 'flag', name: 'mount' }])
    if (p(0.2)) o.refetchOnWindowFocus = pick([true, false, 'always'])
    if (p(0.2)) o.refetchOnReconnect = pick([true, false, 'always'])
    if (p(0.2)) o.retryOnMount = pick([false, { $fn: 'flag', name: 'retryOnMount' }])
    if (p(0.15)) o.structuralSharing = false
    if (p(0.1)) o.gcTime = pick([0, 100, 2500])
    if (p(0.15)) o.retry = retry()
    if (p(0.1)) o.networkMode = net()
    if (p(0.15)) o.meta = { m: int(1, 2) }
    if (p(0.1)) o.throwOnError = true
    return o
  }
  const action = () => {
    const key = pick(KEYS)
    return pick([
      { op: 'sleep', ms: int(1, 120) }, { op: 'throw', error: 'cb' }, { op: 'cancelQueries', filters: { key } }, { op: 'saveQueryData', key, as: 'prev' },
      { op: 'setQueryData', key, data: { v: 'cb', l: [] } }, { op: 'setQueryData', key, updater: { $fn: 'const', value: { u: '$vars' } } },
      { op: 'invalidateQueries', filters: { key }, await: p(0.5) }, { op: 'refetchQueries', filters: { key }, await: p(0.5) }, { op: 'removeQueries', filters: { key } },
    ])
  }
  const actions = () => Array.from({ length: int(0, 3) }, action)
  const callbacks = () => Object.fromEntries(['onMutate', 'onSuccess', 'onError', 'onSettled'].filter(() => p(0.7)).map((k) => [k, actions()]))
  const fetched = () => {
    const o = options(false)
    for (const k of ['select', 'placeholderData', 'refetchInterval', 'refetchIntervalInBackground', 'enabled', 'refetchOnMount', 'refetchOnWindowFocus', 'refetchOnReconnect', 'retryOnMount', 'throwOnError']) delete o[k]
    return o
  }
  const moves = {
    observe: [6, () => {
      const id = 'o' + ++n
      const infinite = p(theme === 'pages' ? 0.8 : 0.1)
      if (infinite) paged.add(id)
      const step = { op: 'observe', id, ...(infinite ? { infinite } : {}), options: options(infinite), ...client() }
      if (p(0.1)) { step.subscribe = false; idle.push(id) } else live.push(id)
      steps.push(step)
    }],
    unobserve: [3, () => { if (live.length) { const id = live.splice(int(0, live.length - 1), 1)[0]; idle.push(id); steps.push({ op: 'unobserve', id }) } }],
    resubscribe: [2, () => { if (idle.length) { const id = idle.splice(int(0, idle.length - 1), 1)[0]; live.push(id); steps.push({ op: 'resubscribe', id }) } }],
    setOptions: [5, () => {
      if (!live.length) return
      const id = pick(live)
      const more = paged.has(id)
        ? pick([{ key: pick(PAGED) }, { maxPages: int(1, 3) }, { enabled: p(0.5) }])
        : pick([{ enabled: true }, { enabled: false }, { key: pick(KEYS) }, { key: pick(KEYS) }, { staleTime: pick([0, 500, 'Infinity']) }, { refetchInterval: pick([false, 450]) }, { select: pick([T(), null]) }, { fn: pick(['f', 'g', 'skip']) }, { placeholderData: { $fn: 'keepPrevious' } }])
      steps.push({ op: 'setOptions', id, options: more, ...(p(0.15) ? { unset: [pick(['select', 'enabled', 'staleTime', 'placeholderData', 'refetchInterval'])] } : {}) })
    }],
    getResult: [1, () => { const all = [...live, ...idle]; if (all.length) steps.push({ op: 'getResult', id: pick(all) }) }],
    refetch: [3, () => live.length && steps.push({ op: 'refetch', id: pick(live), ...(p(0.5) ? { options: { cancelRefetch: false } } : {}), as: as() })],
    page: [theme === 'pages' ? 9 : 1, () => { const ids = live.filter((id) => paged.has(id)); if (ids.length) steps.push({ op: pick(['fetchNextPage', 'fetchNextPage', 'fetchPreviousPage']), id: pick(ids), ...(p(0.3) ? { options: { cancelRefetch: false } } : {}), as: as() }) }],
    fetchQuery: [2, () => steps.push({ op: pick(['fetchQuery', 'prefetchQuery', 'ensureQueryData']), options: { ...fetched(), }, as: as(), ...client() })],
    ensure: [1, () => steps.push({ op: 'ensureQueryData', options: { ...fetched(), revalidateIfStale: p(0.6) }, as: as(), ...client() })],
    fetchPages: [theme === 'pages' ? 2 : 0, () => {
      const o = options(true)
      delete o.select
      for (const k of ['refetchInterval', 'enabled']) delete o[k]
      steps.push({ op: pick(['fetchInfiniteQuery', 'prefetchInfiniteQuery', 'ensureInfiniteQueryData']), options: { ...o, ...(p(0.5) ? { pages: int(1, 3) } : {}) }, as: as() })
    }],
    setData: [3, () => steps.push({ op: 'setQueryData', key: pick(KEYS), ...(p(0.6) ? { data: pick([{ v: 'hand', l: [{ id: 1 }] }, null, '$undefined', 0]) } : { updater: pick([{ $fn: 'const', value: { up: 1 } }, { $fn: 'identity' }, { $fn: 'none' }, { $fn: 'const', value: { w: 1 } }]) }), ...(p(0.2) ? { updatedAt: pick([-5000, 0, 50000]) } : {}), ...client() })],
    setMany: [1, () => steps.push({ op: 'setQueriesData', filters: { key: ['a'] }, updater: pick([{ $fn: 'const', value: { w: 1 } }, { $fn: 'identity' }]) })],
    read: [2, () => steps.push(pick([{ op: 'getQueryData', key: pick(KEYS) }, { op: 'getQueryState', key: pick(KEYS) }, { op: 'getQueriesData', filters: pick(FILTERS) }, { op: 'findAll', filters: pick(FILTERS) }, { op: 'isFetching', filters: pick(FILTERS) }, { op: 'isMutating', filters: pick([{}, { key: ['mut'] }]) }]))],
    invalidate: [4, () => steps.push({ op: 'invalidateQueries', filters: { ...pick(FILTERS), ...(p(0.3) ? { refetchType: pick(['none', 'all', 'inactive', 'active']) } : {}) }, ...(p(0.3) ? { options: pick([{ cancelRefetch: false }, { throwOnError: true }]) } : {}), as: as(), ...client() })],
    refetchQueries: [2, () => steps.push({ op: 'refetchQueries', filters: pick(FILTERS), ...(p(0.3) ? { options: pick([{ cancelRefetch: false }, { throwOnError: true }]) } : {}), as: as() })],
    cancel: [3, () => steps.push({ op: 'cancelQueries', filters: pick(FILTERS), ...(p(0.4) ? { options: pick([{ revert: false }, { silent: true }, { revert: true, silent: true }]) } : {}), as: as() })],
    remove: [2, () => steps.push({ op: 'removeQueries', filters: pick(FILTERS), ...client() })],
    reset: [2, () => steps.push({ op: 'resetQueries', filters: pick(FILTERS), as: as() })],
    clear: [p(0.3) ? 1 : 0, () => steps.push({ op: 'clear', ...client() })],
    mounting: [p(0.3) ? 1 : 0, () => steps.push({ op: 'unmount' }, { op: 'setOnline', online: p(0.5) }, { op: 'advance', ms: int(10, 200) }, { op: 'mount' })],
    net: [4, () => steps.push({ op: 'setOnline', online: p(0.5) })],
    focus: [3, () => steps.push({ op: 'setFocused', focused: p(0.5) })],
    flag: [2, () => steps.push(pick([{ op: 'setFlag', name: 'on', value: p(0.5) }, { op: 'setFlag', name: 'every', value: pick([false, 250, 400]) }, { op: 'setFlag', name: 'stale', value: pick([0, 400, 'Infinity']) }]))],
    byKey: [1, () => steps.push({ op: 'setQueryDefaults', key: pick([['a'], ['b'], ['feed'], ['a', 1]]), options: pick([{ staleTime: 200 }, { retry: 1, retryDelay: 10 }, { fn: 'h' }, { gcTime: 50 }, { enabled: false }, { refetchInterval: 700 }, { meta: { m: 1 } }]) })],
    mutate: [theme === 'changes' ? 9 : 2, () => {
      if (!muts.length || (muts.length < 9 && p(0.4))) {
        const id = 'm' + (muts.length + 1)
        muts.push(id)
        steps.push({ op: 'createMutation', id, options: { fn: id, key: ['mut', muts.length], ...(p(0.5) ? { scope: pick(['s', 't']) } : {}), ...(p(0.3) ? { networkMode: net() } : {}), ...(p(0.2) ? { gcTime: pick([0, 100]) } : {}) }, callbacks: callbacks(), ...(p(0.15) ? { subscribe: false } : {}) })
      }
      steps.push({ op: 'mutate', id: pick(muts), variables: pick([int(1, 9), { x: int(1, 3) }]), ...(p(0.4) ? { callbacks: ['onSuccess', 'onError', 'onSettled'] } : {}), as: as() })
    }],
    mutation: [theme === 'changes' ? 3 : 1, () => {
      if (!muts.length) return
      const id = pick(muts)
      steps.push(pick([{ op: 'resetMutation', id }, { op: 'setMutationOptions', id, options: pick([{ retry: 1 }, { key: ['other'] }, { scope: 's' }, { fn: 'm9' }]) }, { op: 'resumePausedMutations', as: as() }, { op: 'getResult', id }]))
    }],
    mutDefaults: [theme === 'two' ? 2 : 0, () => steps.push({ op: 'setMutationDefaults', key: ['mut'], options: { fn: 'm9', retry: 1, retryDelay: 30 }, client: 'two' })],
    carry: [theme === 'two' ? 5 : 0, () => {
      const d = 'd' + ++dn
      const there = p(0.7)
      steps.push({ op: 'dehydrate', as: d, ...(there ? {} : { client: 'two' }) })
      if (p(0.5)) steps.push({ op: 'advance', ms: int(1, 300) })
      steps.push({ op: 'hydrate', from: d, ...(there ? { client: 'two' } : {}) })
    }],
    snapshot: [1, () => steps.push({ op: 'snapshot', ...client() })],
  }
  const bag = Object.entries(moves).flatMap(([k, [w]]) => Array(w).fill(k))
  moves.observe[1]()
  for (let i = int(10, 28); i > 0; i--) {
    const before = steps.length
    moves[pick(bag)][1]()
    // now and then two things at once
    if (p(0.1)) {
      moves[pick(bag)][1]()
      const both = steps.splice(before)
      const apart = ['advance', 'snapshot', 'dehydrate', 'mutate', 'resetQueries', 'cancelQueries', 'getResult']
      if (both.length > 1 && both.every((s) => !apart.includes(s.op))) steps.push({ op: 'together', steps: both })
      else steps.push(...both)
    }
    if (p(0.7)) steps.push({ op: 'advance', ms: pick([int(1, 60), int(60, 700), int(700, 4000)]) })
  }
  steps.push({ op: 'snapshot' }, { op: 'setFocused', focused: true }, { op: 'advance', ms: 3100 }, { op: 'setOnline', online: true }, { op: 'advance', ms: 4000 }, { op: 'snapshot' })
  for (const id of live) steps.push({ op: 'unobserve', id })
  steps.push({ op: 'advance', ms: 700000 }, { op: 'snapshot' }, ...(theme === 'two' ? [{ op: 'snapshot', client: 'two' }] : []))
  const settings = { defaultOptions: defaults(), ...(p(0.3) ? { queryCacheCallbacks: ['onSuccess', 'onError', 'onSettled'], mutationCacheCallbacks: ['onMutate', 'onSuccess', 'onError', 'onSettled'] } : {}) }
  const where = theme === 'two' ? { clients: { main: settings, two: { defaultOptions: defaults() } } } : { client: settings }
  return { name: 'wide-' + seed, area: 'wide', priority: 'extra', doc: `random scenario ${seed} (${theme})`, ...where, flags, fns, steps }
}
// query-core reports what a callback of a failed mutation raises as an unhandled rejection
process.on('unhandledRejection', () => {})
await cli(make)
