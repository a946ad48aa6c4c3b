/**
 * The module of each widget instance: finds the code that all widgets of its kind share, by its hash.
 *
 * The code is the module of another widget, to which the host gives access. If the host cannot, the code is requested
 * from the kernel, once per page. Code that is already in the page is used immediately.
 */
import type { AnyModel, Host } from "@anywidget/types";

type End = () => void;
export interface Code {
  mount(view: { model: AnyModel; el: HTMLElement }): End;
}
interface View {
  model: AnyModel<{ _code: string; _code_hash: string }>;
  el: HTMLElement;
  host?: Host;
}

const WAIT = 20_000;
const page = globalThis as { kaizenCode?: Map<string, Promise<Code>> };

async function render({ model, el, host }: View): Promise<End | undefined> {
  page.kaizenCode ??= new Map();
  const hash = model.get("_code_hash");
  let code = page.kaizenCode.get(hash);
  if (!code) {
    code = find(model, hash, host);
    page.kaizenCode.set(hash, code);
  }
  try {
    return (await code).mount({ model: model as unknown as AnyModel, el });
  } catch (error) {
    // The next view tries again.
    page.kaizenCode.delete(hash);
    el.textContent = `${error instanceof Error ? error.message : error} Run the cell again to draw it.`;
    return undefined;
  }
}

async function find(model: View["model"], hash: string, host?: Host): Promise<Code> {
  try {
    const widget = await host?.getWidget(model.get("_code"));
    if (widget) return widget.exports as Code;
  } catch {
    // The shared widget no longer exists, or the host has no such function.
  }
  return fetchCode(model, hash);
}

/** Requests the code from the kernel. */
function fetchCode(model: View["model"], hash: string): Promise<Code> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      model.off("msg:custom", onMessage);
    };
    const fail = () => {
      end();
      reject(new Error("The code of this widget is not in the page, and no kernel answers."));
    };
    const onMessage = ({ kind, hash: otherHash, code }: Record<string, string>) => {
      if (kind !== "code" || otherHash !== hash || code === undefined) return;
      end();
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      import(/* @vite-ignore */ url)
        .then((module) => resolve(module.default.initialize()), reject)
        .finally(() => URL.revokeObjectURL(url));
    };
    const timer = setTimeout(fail, WAIT);
    model.on("msg:custom", onMessage);
    try {
      model.send({ kind: "code", hash });
    } catch {
      fail();
    }
  });
}

export default { render };
