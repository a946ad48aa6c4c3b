// Runs one form scenario through the real react-hook-form and returns its trace.
// Plain forms are driven through createFormControl alone; a scenario that declares `arrays` additionally
// mounts the real useFieldArray hooks with react-test-renderer (no DOM).
import FakeTimers from '@sinonjs/fake-timers';
import { createFormControl, get, useFieldArray } from 'react-hook-form';
import React from 'react';
import TestRenderer, { act } from 'react-test-renderer';
import { clone, norm, cli } from '../../lib/common.mjs';

globalThis.IS_REACT_ACT_ENVIRONMENT = true;
const realImmediate = setImmediate;
const settle = async () => { for (let i = 0; i < 4; i++) await new Promise((r) => realImmediate(r)); };

const empty = (v) => v === undefined || v === null || v === '' || (Array.isArray(v) && v.length === 0);
const same = (a, b) => JSON.stringify(norm(a ?? null)) === JSON.stringify(norm(b ?? null));
const read = (o, p) => p.split('.').reduce((v, k) => (v === undefined || v === null ? undefined : v[k]), o);

// ---- the rule language
function fails(rule, value, values) {
  if (rule.type === 'required') return empty(value) || value === false;
  if (rule.type === 'equalsField') return !same(value, read(values, rule.field));
  if (empty(value)) return false;
  switch (rule.type) {
    case 'minLength': return value.length < rule.value;
    case 'maxLength': return value.length > rule.value;
    case 'min': return typeof value === 'number' && value < rule.value;
    case 'max': return typeof value === 'number' && value > rule.value;
    case 'pattern': return !new RegExp(rule.value).test(value);
    case 'oneOf': return !rule.value.some((v) => v === value);
    case 'int': return !(typeof value === 'number' && Number.isInteger(value));
    case 'notIn': return rule.value.some((v) => v === value);
    default: throw new Error('unknown rule ' + rule.type);
  }
}
function expand(path, values) { // `items.*.name` -> one path per present element
  const star = path.indexOf('*');
  if (star < 0) return [path];
  const list = read(values, path.slice(0, star - 1));
  return (Array.isArray(list) ? list : []).flatMap((_, i) => expand(path.slice(0, star) + i + path.slice(star + 1), values));
}
function setAt(root, path, error, rootOfArray) { // lists of errors are arrays; an error of a list itself is their `root`
  const keys = path.split('.');
  if (rootOfArray) keys.push('root');
  let o = root;
  keys.forEach((k, i) => {
    if (i === keys.length - 1) { o[k] = error; return; }
    if (o[k] === undefined) o[k] = /^\d+$/.test(keys[i + 1]) || (rootOfArray && i === keys.length - 2) ? [] : {};
    o = o[k];
  });
}
export function validate(rules, values, criteriaMode, arrays = []) {
  const errors = {};
  for (const [pattern, list] of Object.entries(rules)) {
    for (const path of expand(pattern, values)) {
      const value = read(values, path);
      const failed = list.filter((r) => fails(r, value, values)).map((r) => ({ type: r.type, message: r.message ?? r.type }));
      if (!failed.length) continue;
      const error = { ...failed[0] };
      if (criteriaMode === 'all') error.types = Object.fromEntries(failed.map((f) => [f.type, f.message]).reverse());
      setAt(errors, path, error, arrays.includes(path));
    }
  }
  return errors;
}

// ---- flat images of RHF's trees
function flatErrors(tree) {
  const out = {};
  const walk = (node, path) => {
    if (node === null || typeof node !== 'object') return;
    const leaf = typeof node.type === 'string' || typeof node.message === 'string';
    if (leaf) out[path] = norm({ type: node.type, message: node.message, types: node.types });
    for (const k of Object.keys(node)) {
      if (leaf && ['type', 'message', 'types', 'ref'].includes(k)) continue;
      walk(node[k], path ? `${path}.${k}` : k);
    }
  };
  walk(tree, '');
  return out;
}
function flatTrue(tree) {
  const out = [];
  const walk = (node, path) => {
    if (node === true) out.push(path);
    else if (node && typeof node === 'object') for (const k of Object.keys(node)) walk(node[k], path ? `${path}.${k}` : k);
  };
  walk(tree, '');
  return out.sort();
}

const ALL = { isDirty: true, dirtyFields: true, touchedFields: true, isValidating: true, validatingFields: true, isValid: true, errors: true, values: false };

export async function run(scenario) {
  const clock = FakeTimers.install({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'], loopLimit: 1000 });
  const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
  const { rules = {}, fields = [], arrays = [], rowFields = {}, ...opts } = clone(scenario.form);
  let log, results;
  const quietError = console.error;
  console.error = () => {};
  const unhandled = () => {};
  process.on('unhandledRejection', unhandled);
  const delayOf = (values) => {
    const d = opts.delay;
    if (d === undefined) return 0;
    if (typeof d === 'number') return d;
    return d.byValue[String(read(values, d.field))] ?? d.default ?? 0;
  };
  try {
    const resolver = async (live) => {
      const values = clone(live);
      const errors = validate(rules, values, opts.criteriaMode, arrays);
      const ms = delayOf(values);
      if (ms > 0) await sleep(ms);
      return Object.keys(errors).length ? { values: {}, errors } : { values, errors: {} };
    };
    const props = { defaultValues: clone(opts.defaultValues), resolver, shouldFocusError: false };
    for (const k of ['mode', 'reValidateMode', 'criteriaMode', 'delayError', 'resetOptions']) if (k in opts) props[k] = opts[k];
    const form = createFormControl(props);
    const control = form.control;
    const deps = opts.deps ?? {};
    const registered = new Map();
    const register = (name) => { registered.set(name, form.register(name, deps[name] ? { deps: deps[name] } : {})); };
    // What useForm does around a mount: register while rendering, then subscribe, then compute isValid.
    fields.forEach(register);
    form.subscribe({ formState: ALL, callback: () => {} });

    const watchers = {};
    let watchLog = {};
    let renderer = null;
    const arr = {};
    const rowIds = {}; // array name -> row ids after the previous step
    if (arrays.length) {
      const One = ({ name }) => {
        const helpers = useFieldArray({ control, name });
        arr[name] = helpers;
        helpers.fields.forEach((_, i) => (rowFields[name] ?? []).forEach((f) => form.register(`${name}.${i}.${f}`)));
        return null;
      };
      const App = () => React.createElement(React.Fragment, null, arrays.map((n) => React.createElement(One, { key: n, name: n })));
      await act(async () => { renderer = TestRenderer.create(React.createElement(App)); });
    }
    control._setValid(); // not awaited: an async resolver ends only when the clock is advanced
    await settle();

    const event = (name, type, value) => {
      const field = get(control._fields, name);
      if (!field) return;
      const handler = form.register(name, deps[name] ? { deps: deps[name] } : {});
      return handler[type === 'blur' ? 'onBlur' : 'onChange']({ type, target: { name, value } });
    };
    const keep = (label, promise) => promise?.then?.((v) => { results.push([label, v === undefined ? null : v]); }, (e) => { results.push([label + ':rejected', e.message]); });

    const doStep = (s) => {
      switch (s.op) {
        case 'start': return; // state right after the mount
        case 'register': [].concat(s.name).forEach(register); return;
        case 'change': event(s.name, 'change', clone(s.value)); return;
        case 'blur': event(s.name, 'blur', form.getValues(s.name)); return;
        case 'setValue': form.setValue(s.name, clone(s.value), s.options ?? {}); return;
        case 'submit': {
          const outcome = s.handler ?? { kind: 'ok' };
          const onValid = async (values) => {
            log.push(['valid', norm(values)]);
            if (outcome.delay) await sleep(outcome.delay);
            if (outcome.kind === 'throws') throw new Error(outcome.message);
            if (outcome.kind === 'serverError') for (const e of outcome.errors) form.setError(e.name, { type: e.type, message: e.message });
            if (outcome.kind === 'reset') { const names = [...registered.keys()]; form.reset(clone(outcome.values)); names.forEach(register); }
            return outcome.result ?? undefined;
          };
          const onInvalid = (errors) => { log.push(['invalid', flatErrors(errors)]); };
          keep('submit', form.handleSubmit(onValid, onInvalid)());
          return;
        }
        case 'reset': {
          const names = [...registered.keys()];
          form.reset(clone(s.values), s.options ?? {});
          // A re-render follows a reset: it registers the same fields again.
          names.forEach(register);
          return;
        }
        case 'resetField': form.resetField(s.name, s.options ?? {}); return;
        case 'setError': form.setError(s.name, clone(s.error)); return;
        case 'clearErrors': form.clearErrors(s.name); return;
        case 'trigger': keep('trigger', form.trigger(s.name)); return;
        case 'unregister': [].concat(s.name).forEach((n) => registered.delete(n)); form.unregister(s.name, s.options ?? {}); return;
        case 'array': arr[s.name][s.method](...clone(s.args)); return;
        case 'watch': watchers[s.id] = form.watch((values, info) => { (watchLog[s.id] ??= []).push({ name: info.name ?? null, values: norm(values) }); }); return;
        case 'unwatch': watchers[s.id].unsubscribe(); return;
        default: throw new Error('unknown op ' + s.op);
      }
    };

    const trace = [];
    for (const raw of scenario.steps) {
      const s = clone(raw);
      log = []; results = []; watchLog = {};
      const body = async () => {
        if (s.op === 'advance') { await clock.tickAsync(s.ms); } else doStep(s);
        await settle();
        await clock.tickAsync(0);
        await settle();
      };
      if (arrays.length) await act(body); else await body();
      const st = control._formState;
      const e = {
        values: norm(form.getValues()),
        errors: flatErrors(st.errors),
        dirtyFields: flatTrue(st.dirtyFields),
        touchedFields: flatTrue(st.touchedFields),
        isDirty: st.isDirty, isValid: st.isValid, isSubmitting: st.isSubmitting, isSubmitted: st.isSubmitted,
        isSubmitSuccessful: st.isSubmitSuccessful, submitCount: st.submitCount,
      };
      e.handlers = log;
      e.results = results;
      if (Object.keys(watchers).length) {
        e.watch = {};
        for (const id of Object.keys(watchers)) { const l = watchLog[id] ?? []; e.watch[id] = { fired: l.length > 0, names: [...new Set(l.map((x) => x.name))].filter((n) => n !== null).sort(), last: l.length ? l[l.length - 1].values : null }; }
      }
      if (arrays.length) {
        e.rowsFrom = {};
        for (const n of arrays) {
          const ids = arr[n].fields.map((f) => f.id);
          e.rowsFrom[n] = ids.map((id) => { const i = (rowIds[n] ?? []).indexOf(id); return i < 0 ? null : i; });
          rowIds[n] = ids;
        }
      }
      for (const k of s.omit ?? []) delete e[k];
      trace.push(norm(e));
    }
    if (renderer) await act(async () => renderer.unmount());
    return { trace };
  } finally {
    clock.uninstall();
    console.error = quietError;
    process.off('unhandledRejection', unhandled);
  }
}

await cli(run, import.meta.url);
