// One agent: what is known of it, and who is around it.
import { useEffect, useRef, useState } from "preact/hooks";
import { forceCenter, forceCollide, forceLink, forceManyBody, forceSimulation, SimulationNodeDatum } from "d3-force";
import { DataTable } from "../chart";
import { diverging } from "../colour";
import { clip, count, value } from "../format";
import { agent, ApiError, network, Network, Window } from "./api";

type Known = Awaited<ReturnType<typeof agent>>;

export function AgentPanel({ run, id, window, phiOf, graph, onAgent, onClose }: {
  run: number;
  id: string | number;
  window: Window;
  /** Credit of a row, if it is at hand. */
  phiOf: (row: number) => number | null;
  graph: boolean;
  onAgent: (id: string | number) => void;
  onClose: () => void;
}) {
  const [known, setKnown] = useState<Known | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let wanted = true;
    setKnown(null);
    setProblem("");
    agent(run, id).then((it) => wanted && setKnown(it), (reason: Error) => wanted && setProblem(reason.message));
    return () => { wanted = false; };
  }, [run, id]);
  return (
    <section class="card" id="agent" aria-labelledby="agent-title">
      <div class="tools spread">
        <h2 id="agent-title">Agent {clip(String(id), 60)}</h2>
        <button type="button" onClick={onClose}>Close</button>
      </div>
      {problem && <p role="alert" class="problem">{problem}</p>}
      {known?.tables.map((table) => (
        <DataTable key={table.table} caption={table.table} rows={table.rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, row[i]])))} />
      ))}
      {graph && <NetworkView run={run} id={id} window={window} phiOf={phiOf} onAgent={onAgent} />}
    </section>
  );
}

interface Node extends SimulationNodeDatum {
  id: string | number;
  hop: number;
  phi: number | null;
}

const SIZE = 640;
const LABELS_MAX = 40;

/** Places nodes by forces; a hundred rounds, fewer where there are many. */
function layOut(it: Network, phiOf: (row: number) => number | null): Node[] {
  const nodes: Node[] = it.nodes.map((one) => ({ id: one.id, hop: one.hop, phi: phiOf(one.row) }));
  const rounds = Math.max(30, Math.min(200, Math.round(200000 / (nodes.length + it.edges.length))));
  const simulation = forceSimulation(nodes)
    .force("link", forceLink<Node, { source: number; target: number }>(it.edges.map(([source, target]) => ({ source, target }))).distance(30))
    .force("charge", forceManyBody().strength(-40).theta(1.1))
    .force("centre", forceCenter(0, 0))
    .force("apart", nodes.length < 2000 ? forceCollide(5) : null)
    .stop();
  if (nodes[0]) Object.assign(nodes[0], { fx: 0, fy: 0 });
  simulation.tick(rounds);
  return nodes;
}

function NetworkView({ run, id, window, phiOf, onAgent }: { run: number; id: string | number; window: Window; phiOf: (row: number) => number | null; onAgent: (id: string | number) => void }) {
  const [hops, setHops] = useState(1);
  const [it, setIt] = useState<Network | null>(null);
  const [problem, setProblem] = useState("");
  const canvas = useRef<HTMLCanvasElement>(null);
  const nodes = useRef<{ list: Node[]; scale: number }>({ list: [], scale: 1 });
  useEffect(() => {
    let wanted = true;
    setProblem("");
    network(run, id, window, hops).then(
      (found) => wanted && setIt(found),
      (reason: ApiError) => wanted && (setIt(null), setProblem(reason.message)),
    );
    return () => { wanted = false; };
  }, [run, id, hops]);
  useEffect(() => {
    if (!it || !canvas.current) return;
    const list = layOut(it, phiOf);
    const reach = Math.max(40, ...list.map((node) => Math.max(Math.abs(node.x ?? 0), Math.abs(node.y ?? 0))));
    nodes.current = { list, scale: (SIZE / 2 - 20) / reach };
    paint(canvas.current, it, nodes.current);
  }, [it]);
  const click = (event: MouseEvent) => {
    const frame = canvas.current!.getBoundingClientRect();
    const [x, y] = [((event.clientX - frame.left) / frame.width - 0.5) * SIZE, ((event.clientY - frame.top) / frame.height - 0.5) * SIZE];
    const { list, scale } = nodes.current;
    const near = list.map((node) => Math.hypot(node.x! * scale - x, node.y! * scale - y));
    const best = near.indexOf(Math.min(...near));
    if (best >= 0 && near[best]! < 12) onAgent(list[best]!.id);
  };
  return (
    <div id="network">
      <h3>Who is around</h3>
      <div class="tools">
        <label>Steps away <input type="number" min={1} max={10} value={hops} onChange={(event) => setHops(Math.min(10, Math.max(1, Number(event.currentTarget.value) || 1)))} /></label>
        {it && <span class="aid">{count(it.nodes.length)} agents, {count(it.edges.length)} edges{it.cut ? "; cut to the heaviest that fit" : ""}{it.reached < hops && !it.cut ? `; more than ${it.reached} step${it.reached === 1 ? "" : "s"} would be too many to show` : ""}</span>}
      </div>
      {problem && <p role="alert" class="problem">{problem}</p>}
      {it && (
        <>
          <canvas ref={canvas} class="network" width={2 * SIZE} height={2 * SIZE} role="img" onClick={click}
            aria-label={`Network of ${it.nodes.length} agents and ${it.edges.length} edges around agent ${id}`} />
          <p class="aid">{it.nodes.some((node) => phiOf(node.row) != null) ? "Orange agents raised the number, blue ones lowered it, fuller with more. " : ""}Click one to go there.</p>
        </>
      )}
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, it: Network, { list, scale }: { list: Node[]; scale: number }): void {
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(document.documentElement);
  const resolve = (colour: string) => {
    canvas.style.color = colour;
    return getComputedStyle(canvas).color;
  };
  const most = Math.max(0, ...list.map((node) => Math.abs(node.phi ?? 0)));
  const line = style.getPropertyValue("--other"), text = style.getPropertyValue("--text");
  context.setTransform(2, 0, 0, 2, SIZE, SIZE);
  context.clearRect(-SIZE, -SIZE, 2 * SIZE, 2 * SIZE);
  context.strokeStyle = line;
  context.globalAlpha = Math.max(0.08, Math.min(0.7, 60 / Math.sqrt(it.edges.length + 1) / 10));
  context.beginPath();
  for (const [a, b] of it.edges) {
    context.moveTo(list[a]!.x! * scale, list[a]!.y! * scale);
    context.lineTo(list[b]!.x! * scale, list[b]!.y! * scale);
  }
  context.stroke();
  context.globalAlpha = 1;
  const size = Math.max(2, Math.min(6, 60 / Math.sqrt(list.length)));
  list.forEach((node, i) => {
    context.beginPath();
    context.arc(node.x! * scale, node.y! * scale, i === 0 ? size + 3 : size, 0, 2 * Math.PI);
    context.fillStyle = resolve(node.phi == null ? "var(--other)" : diverging(node.phi, most));
    context.fill();
    context.lineWidth = i === 0 ? 2 : 0.5;
    context.strokeStyle = text;
    context.stroke();
  });
  canvas.style.color = "";
  if (list.length > LABELS_MAX) return;
  context.fillStyle = text;
  context.font = "11px system-ui, sans-serif";
  for (const node of list) {
    const x = node.x! * scale, right = x < SIZE / 2 - 130;
    context.textAlign = right ? "left" : "right";
    context.fillText(`${clip(String(node.id), 18)}${node.phi == null ? "" : ` ${value(node.phi, 2)}`}`, x + (right ? size + 4 : -size - 4), node.y! * scale + 4);
  }
}
