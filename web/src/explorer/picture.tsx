// The picture of the crowd: points, axes, moving about, drawing round some of them.
import { useEffect, useRef, useState } from "preact/hooks";
import { Plot, ticks } from "../figures/plot";
import { Colouring, nearest, within } from "./data";
import { CrowdCanvas } from "./canvas";
import { roundNumbers, Scale, valueAt } from "./scales";
import { rgb } from "../colour";
import { clip, count } from "../format";

export interface Axis {
  name: string;
  places: Float32Array;
  scale: Scale;
}

export interface PictureProps {
  x: Axis | null;
  y: Axis | null;
  colouring: Colouring | null;
  mask: Uint8Array | null;
  only: boolean;
  marked: number | null;
  onLasso: (points: number[]) => void;
  onPoint: (point: number) => void;
}

const LEFT = 64, BELOW = 44, ABOVE = 26, RIGHT = 10; // as in style.css

/** The view's edges on both axes, as Plot draws them. */
function drawAxes(box: HTMLElement, crowd: CrowdCanvas, x: Axis, y: Axis): void {
  const width = box.clientWidth, height = box.clientHeight;
  if (width < 100 || height < 100) return; // not laid out yet, or no more
  const [x0, y0] = crowd.placeAt(0, 1), [x1, y1] = crowd.placeAt(1, 0);
  const axis = (one: Axis, from: number, to: number) => ({
    type: one.scale.kind, constant: one.scale.unit, base: 10, domain: [valueAt(from, one.scale), valueAt(to, one.scale)],
    label: one.name, tickFormat: ticks.amount, nice: false as const,
  });
  const across = roundNumbers(x.scale, x0, x1, Math.max(3, Math.round(width / 110))), up = roundNumbers(y.scale, y0, y1, Math.max(3, Math.round(height / 70)));
  const zero = (one: Axis) => (one.scale.kind !== "log" && valueAt(0, one.scale) < 0 && valueAt(1, one.scale) > 0 ? [0] : []);
  const svg = Plot.plot({
    width, height, marginLeft: LEFT, marginRight: RIGHT, marginTop: ABOVE, marginBottom: BELOW,
    style: { background: "none", fontSize: "12px", overflow: "visible" },
    x: { ...axis(x, x0, x1), ticks: across, labelOffset: 38 },
    y: { ...axis(y, y0, y1), ticks: up, labelAnchor: "top" },
    marks: [Plot.gridX({ ticks: across }), Plot.gridY({ ticks: up }), Plot.ruleX(zero(x), { stroke: "var(--soft)" }), Plot.ruleY(zero(y), { stroke: "var(--soft)" }), Plot.frame({ stroke: "var(--line)" })],
  });
  svg.setAttribute("aria-hidden", "true");
  box.querySelector(".axes")!.replaceChildren(svg);
}

export function Picture(props: PictureProps) {
  const { x, y, colouring, mask, only, marked } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const crowd = useRef<CrowdCanvas | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [problem, setProblem] = useState("");
  const [lasso, setLasso] = useState(false);
  const [loop, setLoop] = useState<[number, number][]>([]);

  const refresh = () => {
    const { x, y } = latest.current;
    if (box.current && crowd.current && x && y) {
      drawAxes(box.current, crowd.current, x, y);
      placeMark(box.current, crowd.current, latest.current);
    }
  };

  useEffect(() => {
    try {
      crowd.current = new CrowdCanvas(canvas.current!);
    } catch (reason) {
      setProblem((reason as Error).message);
      return;
    }
    crowd.current.onView = refresh;
    const watcher = new ResizeObserver(() => {
      if (!canvas.current) return; // on its way out
      crowd.current!.resize(canvas.current!.clientWidth, canvas.current!.clientHeight);
      refresh();
    });
    watcher.observe(box.current!);
    return () => {
      watcher.disconnect();
      crowd.current!.free();
    };
  }, []);

  useEffect(() => {
    if (!x || !y || x.places.length !== y.places.length || !crowd.current) return;
    crowd.current.set("x", x.places);
    crowd.current.set("y", y.places);
    if (colouring && colouring.values.length === x.places.length) {
      crowd.current.set("colour", colouring.values);
      crowd.current.setRamp(colouring.ramp, rgb("var(--other)"), colouring.smooth);
    }
    if (mask && mask.length === x.places.length) crowd.current.set("on", mask);
    else crowd.current.clearMask();
    crowd.current.setOnly(only);
    crowd.current.draw();
    refresh();
    const ready = crowd.current;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const { dataset } = box.current ?? { dataset: {} as DOMStringMap };
      dataset.points = String(x.places.length);
      dataset.took = ready.took.toFixed(0);
      dataset.at = performance.now().toFixed(0);
    }));
  }, [x, y, colouring, mask, only]);

  useEffect(refresh, [marked]);

  const at = (event: PointerEvent | WheelEvent): [number, number] => {
    const frame = canvas.current!.getBoundingClientRect();
    return [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
  };

  const drag = useRef<{ from: [number, number]; last: [number, number]; lasso: boolean; path: [number, number][] } | null>(null);

  const down = (event: PointerEvent) => {
    if (!crowd.current || event.button !== 0) return;
    canvas.current!.setPointerCapture(event.pointerId);
    const place = at(event);
    drag.current = { from: place, last: place, lasso: lasso || event.shiftKey, path: [place] };
  };
  const moved = (event: PointerEvent) => {
    const now = drag.current;
    if (!now || !crowd.current) return;
    const place = at(event);
    if (now.lasso) {
      now.path.push(place);
      setLoop([...now.path]);
    } else {
      crowd.current.pan(place[0] - now.last[0], place[1] - now.last[1]);
    }
    now.last = place;
  };
  const up = () => {
    const now = drag.current;
    drag.current = null;
    setLoop([]);
    const { x, y } = latest.current;
    if (!now || !crowd.current || !x || !y) return;
    const far = Math.hypot(now.last[0] - now.from[0], now.last[1] - now.from[1]) > 0.004 || now.path.length > 3;
    if (now.lasso && now.path.length > 2) {
      setLasso(false);
      latest.current.onLasso(within(x.places, y.places, now.path.map(([a, b]) => crowd.current!.placeAt(a, b))));
    } else if (!far) {
      const [px, py] = crowd.current.placeAt(...now.last);
      const point = nearest(x.places, y.places, px, py, 0.015 / crowd.current.view.zoom, canvas.current!.clientHeight / canvas.current!.clientWidth);
      if (point >= 0) latest.current.onPoint(point);
    }
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    crowd.current?.zoomAt(...at(event), Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0016)));
  };
  useEffect(() => {
    const place = canvas.current!;
    place.addEventListener("wheel", wheel, { passive: false });
    return () => place.removeEventListener("wheel", wheel);
  }, []);

  const key = (event: KeyboardEvent) => {
    const steps: Record<string, () => void> = {
      ArrowLeft: () => crowd.current!.pan(0.1, 0), ArrowRight: () => crowd.current!.pan(-0.1, 0),
      ArrowUp: () => crowd.current!.pan(0, 0.1), ArrowDown: () => crowd.current!.pan(0, -0.1),
      "+": () => crowd.current!.zoomAt(0.5, 0.5, 1.3), "=": () => crowd.current!.zoomAt(0.5, 0.5, 1.3),
      "-": () => crowd.current!.zoomAt(0.5, 0.5, 1 / 1.3), "0": () => crowd.current!.reset(),
    };
    if (!crowd.current || !steps[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    steps[event.key]!();
  };

  const shown = x ? count(x.places.length) : "no";
  return (
    <div class="picture-frame">
      <div class="tools">
        <button type="button" aria-pressed={lasso} onClick={() => setLasso(!lasso)} title="Or hold Shift while dragging">Select by drawing</button>
        <button type="button" onClick={() => crowd.current?.zoomAt(0.5, 0.5, 1.5)} aria-label="Zoom in">+</button>
        <button type="button" onClick={() => crowd.current?.zoomAt(0.5, 0.5, 1 / 1.5)} aria-label="Zoom out">−</button>
        <button type="button" onClick={() => crowd.current?.reset()}>See all</button>
        {colouring?.legend.map((one) => (
          <span class="legend" key={one.label}><i style={{ background: one.colour }} />{clip(one.label, 30)}</span>
        ))}
      </div>
      {problem && <p role="alert" class="problem">{problem}</p>}
      <div class={lasso ? "picture drawing-round" : "picture"} ref={box}>
        <div class="axes" />
        <canvas
          ref={canvas} tabIndex={0} role="img"
          aria-label={`${shown} agents, ${y?.name ?? ""} against ${x?.name ?? ""}. Arrow keys move, plus and minus zoom, 0 shows all. To select without a mouse, use the filter.`}
          onPointerDown={down} onPointerMove={moved} onPointerUp={up} onPointerCancel={() => { drag.current = null; setLoop([]); }} onKeyDown={key}
        />
        <svg class="loop" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          {loop.length > 1 && <polygon points={loop.map((p) => p.join(",")).join(" ")} vector-effect="non-scaling-stroke" />}
        </svg>
        <div class="mark-here" hidden aria-hidden="true" />
      </div>
    </div>
  );
}

/** A ring around the agent that is looked at. */
function placeMark(box: HTMLElement, crowd: CrowdCanvas, { x, y, marked }: PictureProps): void {
  const ring = box.querySelector<HTMLElement>(".mark-here")!;
  const px = marked == null ? undefined : x?.places[marked], py = marked == null ? undefined : y?.places[marked];
  const across = px == null ? NaN : 0.5 + (px - crowd.view.x) * 0.96 * crowd.view.zoom;
  const down = py == null ? NaN : 0.5 - (py - crowd.view.y) * 0.96 * crowd.view.zoom;
  ring.hidden = !(across >= 0 && across <= 1 && down >= 0 && down <= 1);
  ring.style.left = `${LEFT + across * crowd.canvas.clientWidth}px`;
  ring.style.top = `${ABOVE + down * crowd.canvas.clientHeight}px`;
}
