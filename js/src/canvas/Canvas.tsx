/** The root component: toolbar, palette and React Flow. */
import {
  Background,
  BackgroundVariant,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useStore as useFlowStore,
  useNodesInitialized,
  useReactFlow,
} from "@xyflow/react";
import {
  type DragEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { colorMode, onColorMode, themeName } from "../color_mode.ts";
import { tellZoom } from "../zoom_event.ts";
import { ConnectionHint } from "./ConnectionHint.tsx";
import { CulledLayer } from "./CulledLayer.tsx";
import { contains, MANY, viewOf } from "./culling.ts";
import { EdgeLine } from "./EdgeLine.tsx";
import type { FlowNode } from "./flow.ts";
import { SessionContext, useReadOnly, useReplica, useSession, useStore } from "./hooks.ts";
import { InsertMenu } from "./InsertMenu.tsx";
import { Notices, Orphans } from "./Notices.tsx";
import { around } from "./new_node_place.ts";
import type { Box, NodeBoxes } from "./node_boxes.ts";
import { GroupCard } from "./nodes/GroupCard.tsx";
import { FAR, NodeCard } from "./nodes/NodeCard.tsx";
import { Overview } from "./Overview.tsx";
import { DRAG_TYPE, Palette } from "./Palette.tsx";
import { SelectionToolbar } from "./SelectionToolbar.tsx";
import type { Session } from "./session.ts";
import { wouldLose } from "./status_text.ts";
import { Toolbar, ToolbarRemains } from "./Toolbar.tsx";
import { MAX_ZOOM, MIN_ZOOM, percentOf, useFit } from "./useFit.ts";
import { useSize } from "./useSize.ts";
import { useViewCommands } from "./useViewCommands.ts";

// At module scope: a new object would remount every node.
const NODE_TYPES = { node: NodeCard, frame: GroupCard };
const EDGE_TYPES = { edge: EdgeLine };
/** The size of the map in px, which React Flow needs to know. */
const MAP = { width: 124, height: 84 };
/** A smaller flow needs no map. */
const MAPPED = 12;
const MULTI_KEYS = ["Control", "Meta"];

export function Canvas({ session }: { session: Session }): ReactNode {
  return (
    <SessionContext.Provider value={session}>
      <ReactFlowProvider>
        <Frame />
      </ReactFlowProvider>
    </SessionContext.Provider>
  );
}

function Frame(): ReactNode {
  const readOnly = useReadOnly();
  const frame = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(frame);
  const mode = useSyncExternalStore(onColorMode, colorMode);
  const theme = useSyncExternalStore(onColorMode, themeName);
  const toolbar = useStore(useSession().traits, (traits) => traits.toolbar);
  const palette = useStore(useSession().traits, (traits) => traits.palette);
  useLeaveWarning();
  useViewCommands();
  return (
    <div
      ref={frame}
      className="kc-frame kz"
      data-theme={theme}
      data-narrow={width > 0 && width < 640}
    >
      {toolbar && <Toolbar />}
      <Orphans />
      <div className="kc-body">
        {!toolbar && <ToolbarRemains />}
        {!readOnly && palette !== "hidden" && <Palette narrow={width > 0 && width < 760} />}
        <Board mode={mode} visible={width > 0} roomy={width >= 760 && height >= 320} />
      </div>
    </div>
  );
}

interface BoardProps {
  mode: "light" | "dark";
  visible: boolean;
  /** Whether there is room for a map. */
  roomy: boolean;
}

function Board({ mode, visible, roomy }: BoardProps): ReactNode {
  const session = useSession();
  const readOnly = useReadOnly();
  const all = useStore(session.flow, (flow) => flow.nodes.length);
  const large = useStore(session.flow, (flow) => flow.nodes.length > MANY);
  const { nodes, edges, part } = useStore(session.culling.shown, (shown) => shown);
  const minimap = useStore(session.traits, (traits) => traits.minimap);
  const zoomOnScroll = useStore(session.traits, (traits) => traits.zoomOnScroll);
  const focused = useStore(session.view, (view) => view.focused);
  const wheel = zoomOnScroll === "always" || (zoomOnScroll === "focus" && focused);
  const [everythingSeen, setEverythingSeen] = useState(true);
  const drop = useDrop();
  return (
    <div className="kc-board" data-many={part} {...(readOnly ? {} : drop)}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={session.onNodesChange}
        onEdgesChange={session.onEdgesChange}
        onConnect={session.connect}
        onReconnect={session.reconnect}
        onConnectStart={(_, port) => session.startDrawing(port)}
        onConnectEnd={session.endDrawing}
        onReconnectStart={(_, edge) => session.startReconnecting(edge.id)}
        onReconnectEnd={session.endDrawing}
        isValidConnection={session.mayConnect}
        onPaneClick={() => session.clearSelection()}
        onSelectionStart={() => session.selectWithBox(true)}
        onSelectionEnd={() => session.selectWithBox(false)}
        onEdgeMouseEnter={(_, { id }) => session.hoverEdge(id)}
        onEdgeMouseLeave={(_, { id }) => session.leaveEdge(id)}
        onNodeClick={(event, { id }) => {
          if (!(event.ctrlKey || event.metaKey || event.shiftKey)) session.selectOne(id);
        }}
        onNodeDoubleClick={(_, node) => session.startRename(node.id)}
        nodesDraggable={!readOnly}
        nodesConnectable={!readOnly}
        edgesReconnectable={!readOnly}
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={MULTI_KEYS}
        zoomOnScroll={wheel}
        preventScrolling={wheel}
        zoomOnDoubleClick={false}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        connectionRadius={32}
        reconnectRadius={14}
        colorMode={mode}
      >
        {large && <CulledLayer key={mode} />}
        <Dots />
        {minimap && roomy && part && <Overview size={MAP} />}
        {minimap && roomy && !part && all >= MAPPED && !everythingSeen && (
          <MiniMap
            pannable
            zoomable
            style={MAP}
            nodeColor={colorOf}
            nodeBorderRadius={8}
            ariaLabel="Map"
          />
        )}
        <FitOnce visible={visible} />
        <Distance />
        <TellZoom />
        <BesideCover />
        <SelectionToolbar />
        <ShowsAll onChange={setEverythingSeen} />
        <ConnectionHint />
      </ReactFlow>
      <InsertMenu />
      <Hint />
      <Notices />
    </div>
  );
}

/** The most zoom at which nodes show their names and states only. */
const MIDDLE = 0.8;

/** Tells the style sheet how large a flow unit is, in steps: text and lines keep a size that can be read. */
function Distance(): ReactNode {
  const step = useFlowStore(({ transform: [, , zoom] }) => {
    // Each step styles all nodes again, so there are few, and none where nothing depends on the zoom.
    if (zoom >= 0.85) return 1;
    return zoom >= 0.1
      ? Math.floor(zoom * 20 + 1e-6) / 20
      : Math.max(Math.floor(zoom * 100), 1) / 100;
  });
  const distance = useFlowStore(({ transform: [, , zoom] }) =>
    zoom < FAR ? "far" : zoom < MIDDLE ? "middle" : "near",
  );
  const mark = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const board = mark.current?.closest<HTMLElement>(".kc-board");
    board?.style.setProperty("--kc-zoom", String(step));
    board?.setAttribute("data-distance", distance);
  }, [step, distance]);
  return <span ref={mark} hidden />;
}

/** Tells the zoom to what stands around the canvas. */
function TellZoom(): ReactNode {
  const percent = useFlowStore(percentOf);
  const mark = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const canvas = mark.current?.closest(".kaizen-canvas");
    if (canvas) tellZoom(canvas, percent);
  }, [percent]);
  return <span ref={mark} hidden />;
}

/** Reports whether all nodes are in view. */
function ShowsAll({ onChange }: { onChange: (all: boolean) => void }): ReactNode {
  const { culling } = useSession();
  const bounds = useRef<{ of: NodeBoxes; box: Box | null } | null>(null);
  const all = useFlowStore(({ transform: [x, y, zoom], width, height }) => {
    const { boxes } = culling;
    if (bounds.current?.of !== boxes) bounds.current = { of: boxes, box: boxes.bounds() };
    const { box } = bounds.current;
    return box === null || contains(viewOf({ x, y, zoom, width, height }, 0.02), box);
  });
  useEffect(() => onChange(all), [all, onChange]);
  return null;
}

/** Brings the only selected node beside what lies over the right of the board. */
function BesideCover(): ReactNode {
  const session = useSession();
  const covered = useStore(session.traits, (traits) => traits.coveredRight);
  const selected = useStore(session.flow, ({ nodes }) => {
    const chosen = nodes.filter((node) => node.selected);
    return chosen.length === 1 ? (chosen[0]?.id ?? null) : null;
  });
  const { showBeside } = useFit();
  useEffect(() => {
    if (covered > 0 && selected !== null) showBeside(selected, covered);
  }, [covered, selected, showBeside]);
  return null;
}

/** Dots of 1 px, 20 px from each other, at any zoom. */
function Dots(): ReactNode {
  const zoom = useFlowStore(({ transform }) => transform[2]);
  return <Background variant={BackgroundVariant.Dots} gap={20 / zoom} size={2 / zoom} />;
}

function colorOf(node: FlowNode): string {
  return node.data.nodeKind?.color ?? "#8b8f98";
}

/**
 * Brings the nodes into view when a document is drawn first; later only the user moves the view. A canvas in a hidden
 * tab has no size, so it waits until the canvas is visible. What is drawn first may be a saved picture.
 */
function FitOnce({ visible }: { visible: boolean }): ReactNode {
  const session = useSession();
  const measured = useNodesInitialized();
  const many = useStore(session.flow, ({ nodes }) => nodes.length > MANY);
  const epoch = useReplica((state) => state.epoch);
  const empty = useStore(session.flow, ({ nodes }) => nodes.length === 0);
  const { showAll, showStart } = useFit();
  const done = useRef(false);
  const seen = useRef(epoch);
  useEffect(() => {
    if (seen.current !== null && seen.current !== epoch) done.current = false;
    seen.current = epoch;
    if (done.current || !visible) return;
    if (empty) {
      // Nodes that the user adds to an empty canvas stay where they were put.
      done.current = epoch !== null;
    } else if (measured || many) {
      // Of many nodes only those in view are measured; the sizes of the others are estimated.
      done.current = true;
      // In the next frame React Flow has these nodes.
      const { fitView } = session.traits.get();
      requestAnimationFrame(() => (fitView === "all" ? showAll() : showStart()));
    }
  }, [visible, measured, many, empty, epoch, session, showAll, showStart]);
  return null;
}

function Hint(): ReactNode {
  const session = useSession();
  const readOnly = useReadOnly();
  const empty = useStore(session.flow, ({ nodes }) => nodes.length === 0);
  const link = useReplica((state) => state.link);
  if (!empty) return null;
  if (link === "opening")
    return (
      <div className="kc-hint" role="status">
        <span className="kc-spinner" /> Opening the pipeline…
      </div>
    );
  const text = readOnly
    ? "This canvas is empty."
    : "Drag a node from the left, or click one to add it here.";
  return <div className="kc-hint">{text}</div>;
}

function useDrop() {
  const session = useSession();
  const { screenToFlowPosition } = useReactFlow();
  const isOurs = (event: DragEvent) => event.dataTransfer.types.includes(DRAG_TYPE);
  return {
    onDragOver: (event: DragEvent) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    },
    onDrop: (event: DragEvent) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      const type = event.dataTransfer.getData(DRAG_TYPE);
      const nodeKind = session.replica.store.get().kinds.find((kind) => kind.type === type);
      if (nodeKind)
        session.add(nodeKind, around(screenToFlowPosition({ x: event.clientX, y: event.clientY })));
    },
  };
}

/** Lets the browser ask before the page closes while edits are only in it. */
function useLeaveWarning(): void {
  const risky = useReplica(({ canvas, pending }) => wouldLose(canvas.save, pending.length));
  useEffect(() => {
    if (!risky) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [risky]);
}
