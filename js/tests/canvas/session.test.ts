import { expect, test } from "vitest";
import { Channel } from "../../src/canvas/channel.ts";
import { Session } from "../../src/canvas/session.ts";
import { FakeClock, move, nodeKind, nodeRun, set, snapshot } from "./builders.ts";
import { FakeModel } from "./model.ts";

function open(setUp: (model: FakeModel) => void = () => {}) {
  const fake = new FakeModel();
  setUp(fake);
  const clock = new FakeClock();
  const session = new Session(new Channel(fake.model), "me", clock, () => "1");
  session.start();
  return { fake, clock, session };
}
const place = (x: number, dragging?: boolean, id = "a") => ({
  type: "position" as const,
  id,
  position: { x, y: 0 },
  dragging,
});
const select = (id: string) => ({ type: "select" as const, id, selected: true });
const at = (session: Session, id: string) =>
  session.flow.get().nodes.find((item) => item.id === id);

test("a drag is one push, at the drop (S7)", () => {
  const { fake, session } = open();
  for (const x of [1, 20, 300]) session.onNodesChange([place(x, true)]);
  expect(fake.pushes()).toEqual([]);
  session.onNodesChange([place(300, false)]);
  expect(fake.pushes()).toEqual([move("a", 300)]);
});

test("a drop is sent before it is drawn", () => {
  const { fake, session } = open();
  session.onNodesChange([place(300, true)]);
  let sent = -1;
  session.flow.subscribe(() => {
    if (sent < 0) sent = fake.pushes().length;
  });
  session.onNodesChange([place(310, false)]);
  expect(sent).toBe(1);
  expect(at(session, "a")).toMatchObject({ position: { x: 310 }, dragging: false });
});

test("a drop that is not allowed draws the node at its old position", () => {
  const { session } = open((model) => {
    model.traits.read_only = true;
  });
  session.onNodesChange([place(300, true)]);
  session.onNodesChange([place(300, false)]);
  expect(at(session, "a")).toMatchObject({ position: { x: 0 }, dragging: false });
});

test("several nodes dropped together are one push (S7)", () => {
  const { fake, session } = open();
  session.onNodesChange([place(5, true), place(9, true, "b")]);
  session.onNodesChange([place(5, false), place(9, false, "b")]);
  expect(fake.pushes()).toEqual([[...move("a", 5), ...move("b", 9)]]);
});

test("arrow keys are one push after a pause", () => {
  const { fake, clock, session } = open();
  session.onNodesChange([place(5, false)]);
  clock.advance(399);
  session.onNodesChange([place(10, false)]);
  clock.advance(399);
  expect(fake.pushes()).toEqual([]);
  clock.advance(1);
  expect(fake.pushes()).toEqual([move("a", 10)]);
});

test("undo commits pending arrow key moves first", () => {
  const { fake, session } = open();
  session.onNodesChange([place(5, false)]);
  session.undo();
  expect(fake.sent.map(({ kind }) => kind)).toEqual(["hello", "push", "undo"]);
});

test("Run is sent once, after earlier edits; Cancel immediately (F4)", () => {
  const { fake, session } = open();
  fake.answers = false;
  session.onNodesChange([place(5, false)]);
  for (const name of ["run", "run", "cancel"] as const) session.command(name);
  const kinds = () =>
    fake.sent.map((sent) => (sent.kind === "command" ? sent.name : sent.kind)).slice(1);
  expect(kinds()).toEqual(["push", "cancel"]);
  fake.say({ kind: "applied", epoch: "E", rev: 1, client: "me", n: 1, batch: move("a", 5) });
  expect(kinds()).toEqual(["push", "cancel", "run"]);
});

test("a dragged node ignores moves that arrive meanwhile, and the drop wins (S6)", () => {
  const { fake, session } = open();
  session.onNodesChange([place(50, true)]);
  fake.say({ kind: "applied", epoch: "E", rev: 1, client: "you", n: 1, batch: move("a", 999) });
  expect(at(session, "a")?.position.x).toBe(50);
  session.onNodesChange([place(60, false)]);
  expect(fake.pushes()).toEqual([move("a", 60)]);
});

test("a refused edit is rolled back with a message for 8 seconds (S2)", () => {
  const { fake, clock, session } = open();
  fake.answers = false;
  session.onNodesChange([place(50, true)]);
  session.onNodesChange([place(50, false)]);
  const problem = { code: "x", message: "No.", hint: "Ask.", nodeId: null, edgeId: null };
  fake.say({ kind: "refused", to: "me", epoch: "E", n: 1, problem });
  expect(at(session, "a")?.position.x).toBe(0);
  expect(session.notices.store.get()).toMatchObject([{ message: "No.", hint: "Ask." }]);
  clock.advance(8_000);
  expect(session.notices.store.get()).toEqual([]);
});

test("selection is reported at a limited rate and is not part of the document (S12)", () => {
  const { fake, clock, session } = open();
  session.onNodesChange([select("a")]);
  session.onNodesChange([select("b")]);
  clock.advance(100);
  const reports = fake.sent.filter(({ kind }) => kind === "select");
  expect(reports).toEqual([
    { kind: "select", client: "me", number: 1, nodes: ["a", "b"], edges: [] },
  ]);
  expect(fake.pushes()).toEqual([]);
});

test("a selection from Python is shown and not reported back (S12)", () => {
  const { fake, clock, session } = open();
  fake.say({ kind: "show_selection", nodes: ["b"], edges: [] });
  clock.advance(1_000);
  expect(at(session, "b")?.selected).toBe(true);
  expect(fake.sent.map(({ kind }) => kind)).toEqual(["hello"]);
});

test("a new node is added, selected, and confirmed", () => {
  const { fake, session } = open();
  session.add(nodeKind("agent"), { x: 1, y: 2 });
  expect(at(session, "agent-1")?.selected).toBe(true);
  expect(fake.pushes()).toHaveLength(1);
});

test("a new name is one push; the same name and an empty name are none", () => {
  const { fake, session } = open();
  for (const label of ["Writer", null, "  "]) {
    session.startRename("a");
    session.endRename("a", label);
  }
  expect(fake.pushes()).toEqual([set("a", ["data", "label"], "Writer")]);
});

test("editing a name ends when the node is removed", () => {
  const { fake, session } = open();
  session.startRename("a");
  const batch = [{ op: "remove" as const, kind: "node" as const, id: "a" }];
  fake.say({ kind: "applied", epoch: "E", rev: 1, client: null, n: null, batch });
  expect(session.view.get().editing).toBeNull();
});

test("deleting removes nodes and edges in one push", () => {
  const { fake, session } = open();
  session.selectAll();
  session.delete();
  expect(fake.pushes()).toHaveLength(1);
  expect(session.flow.get()).toMatchObject({ nodes: [], edges: [] });
});

test("a read-only canvas sends no edits", () => {
  const { fake, session } = open((model) => {
    model.traits.read_only = true;
  });
  session.add(nodeKind("agent"), { x: 0, y: 0 });
  session.selectAll();
  session.delete();
  session.duplicate();
  session.startRename("a");
  session.undo();
  expect(fake.sent.map(({ kind }) => kind)).toEqual(["hello"]);
  expect(session.view.get().editing).toBeNull();
});

test("a saved notebook is drawn without a kernel", () => {
  const { session } = open((model) => {
    model.alive = false;
    const positions = new DataView(new Float64Array([3, 4]).buffer);
    const columns = { ids: ["saved"], types: ["agent"], nodes: [null], positions };
    const edges = { edgeIds: [], sources: [], targets: [], edges: [] };
    model.traits._snapshot = { ...snapshot(), columns: { ...columns, ...edges } };
  });
  expect(at(session, "saved")).toBeDefined();
  expect(session.replica.store.get().link).toBe("gone");
});

test("a run state does not redraw the flow", () => {
  const { fake, session } = open();
  const before = session.flow.get();
  const { canvas } = session.replica.store.get();
  const nodes = { a: nodeRun("running") };
  fake.say({ kind: "state_changed", seq: 1, state: { ...canvas, run: { ...canvas.run, nodes } } });
  expect(session.flow.get()).toBe(before);
});

test("close ends every listener and timer, and commits pending arrow key moves", () => {
  const { fake, clock, session } = open();
  session.onNodesChange([place(5, false), select("b")]);
  session.notices.add({ message: "x", hint: "" });
  session.close();
  expect([fake.listening, clock.waiting]).toEqual([0, 0]);
  expect(fake.pushes()).toEqual([move("a", 5)]);
});

test("messages of other content are ignored", () => {
  const { fake, session } = open();
  for (const content of [null, "text", {}, { messages: "x" }])
    (fake as unknown as { emit(name: string, content: unknown): void }).emit("msg:custom", content);
  expect(session.replica.store.get().link).toBe("live");
});

test("a selection box selects edges only between selected nodes", () => {
  const { session } = open();
  const edgeOf = () => session.flow.get().edges[0];
  session.selectWithBox(true);
  session.onNodesChange([select("a")]);
  session.onEdgesChange([select("ab")]);
  expect(edgeOf()?.selected).toBeFalsy();
  session.onNodesChange([select("b")]);
  session.onEdgesChange([select("ab")]);
  expect(edgeOf()?.selected).toBe(true);
  session.selectWithBox(false);
  session.onNodesChange([{ ...select("a"), selected: false }]);
  session.onEdgesChange([{ ...select("ab"), selected: false }]);
  session.onEdgesChange([select("ab")]);
  expect(edgeOf()?.selected).toBe(true);
});

test("a kind added while one node is selected comes right of it and is connected, as one push", () => {
  const { fake, session } = open();
  session.onNodesChange([select("b")]);
  expect(session.addNext(nodeKind("agent"), () => ({ x: 0, y: 0 }))).toBe("agent-1");
  const [batch] = fake.pushes();
  expect(batch).toMatchObject([
    { op: "add", item: { id: "agent-1", position: { x: 320, y: 0 } } },
    {
      op: "add",
      item: { source: "b", sourceHandle: "output", target: "agent-1", targetHandle: "input" },
    },
  ]);
  expect(at(session, "agent-1")?.selected).toBe(true);
});

test("a kind without inputs, or added while two nodes are selected, is placed by itself", () => {
  const { fake, session } = open();
  const start = nodeKind("input", { inputs: [] });
  session.onNodesChange([select("b")]);
  session.addNext(start, () => ({ x: 7, y: 7 }));
  session.onNodesChange([select("a"), select("b")]);
  session.addNext(nodeKind("agent"), () => ({ x: 8, y: 8 }));
  expect(fake.pushes()).toMatchObject([
    [{ op: "add", item: { position: { x: 7, y: 7 } } }],
    [{ op: "add", item: { position: { x: 8, y: 8 } } }],
  ]);
});

test("a button above selected nodes is sent once, after earlier edits, with their ids (S19)", () => {
  const { fake, session } = open();
  const commands = () => fake.sent.filter(({ kind }) => kind === "command");
  fake.answers = false;
  session.nodeCommand("group");
  expect(commands()).toEqual([]);
  session.onNodesChange([select("a"), select("b")]);
  session.replica.push(move("a", 5));
  session.nodeCommand("group");
  session.nodeCommand("group");
  expect(commands()).toEqual([]);
  fake.say({ kind: "handled", to: "me", epoch: "E", n: 1, rev: 0 });
  expect(commands()).toMatchObject([{ name: "group", nodes: ["a", "b"] }]);
});

test("an answer to a node that waits for a person does not wait", () => {
  const { fake, session } = open();
  fake.answers = false;
  session.replica.push(move("a", 5));
  session.nodeCommand("approve", ["b"]);
  expect(fake.sent.at(-1)).toMatchObject({ kind: "command", name: "approve", nodes: ["b"] });
});

test("the buttons of an edge stay while the pointer moves to them", () => {
  const { clock, session } = open();
  const hovered = () => session.view.get().hovered;
  session.hoverEdge("ab");
  session.leaveEdge("ab");
  clock.advance(299);
  session.hoverEdge("ab");
  clock.advance(1_000);
  expect(hovered()).toBe("ab");
  session.leaveEdge("ab");
  clock.advance(300);
  expect(hovered()).toBeNull();
});

test("a node is inserted into an edge as one push, and only where its ports fit", () => {
  const { fake, session } = open();
  const numbers = nodeKind("numbers", { inputs: [{ id: "input", label: "", type: "number" }] });
  const start = nodeKind("start", { inputs: [] });
  expect(session.insertionPorts("ab", numbers)).toEqual({ input: "input", output: "output" });
  expect(session.insertionPorts("ab", start)).toBeNull();
  session.insert("ab", start);
  expect(fake.pushes()).toEqual([]);
  session.insert("ab", numbers);
  expect(fake.pushes()).toHaveLength(1);
  expect(session.replica.store.get().shown.edges.get("ab")?.target).toBe("numbers-1");
  expect(at(session, "numbers-1")?.selected).toBe(true);
});
