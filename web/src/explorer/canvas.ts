// A million points with WebGL 2. The columns' arrays go into buffers as they come, one a column: another axis, another
// colour or another filter sends one of them again. While the view moves, every k-th point is drawn, with k such that a
// frame takes no longer than FRAME; when it rests, all of them.

const FRAME = 28;
const REST = 140;

const VERTEX = `#version 300 es
in float x; in float y; in float colour; in float on;
uniform vec2 centre; uniform vec2 zoom; uniform float size; uniform float only; uniform float masked;
out float at; out float shown;
void main() {
  bool chosen = masked > 0.5 && on > 0.5; // larger, and in front of the others
  bool there = x == x && y == y && (only < 0.5 || on > 0.5);
  gl_Position = there ? vec4((vec2(x, y) - centre) * zoom, chosen ? -0.5 : 0.0, 1.0) : vec4(9.0, 9.0, 9.0, 1.0);
  gl_PointSize = chosen ? 1.6 * size : size;
  at = colour;
  shown = on;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in float at; in float shown;
uniform sampler2D ramp; uniform float alpha; uniform vec3 faint; uniform highp float masked;
out vec4 result;
void main() {
  vec3 own = at != at ? faint : texture(ramp, vec2(at, 0.5)).rgb;
  bool dim = masked > 0.5 && shown < 0.5;
  result = dim ? vec4(faint, 0.45 * alpha) : vec4(own, masked > 0.5 ? max(alpha, 0.7) : alpha);
}`;

export type Slot = "x" | "y" | "colour" | "on";

/** What is seen: the place in the middle, and how many times larger than all. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

export class CrowdCanvas {
  readonly view: View = { x: 0.5, y: 0.5, zoom: 1 };
  onView: () => void = () => {};
  /** Milliseconds that the last complete picture took. */
  took = 0;
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly buffers: Record<Slot, WebGLBuffer>;
  private readonly places: Record<string, WebGLUniformLocation | null> = {};
  private n = 0;
  private every = 1;
  private masked = false;
  private only = false;
  private faint: [number, number, number] = [0.6, 0.6, 0.6];
  private pending = 0;
  private resting: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, premultipliedAlpha: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("This browser has no WebGL 2, which the picture of the crowd needs. Filter, search and tables work without.");
    this.gl = gl;
    this.program = this.link();
    for (const name of ["centre", "zoom", "size", "ramp", "alpha", "faint", "masked", "only"])
      this.places[name] = gl.getUniformLocation(this.program, name);
    this.buffers = { x: gl.createBuffer()!, y: gl.createBuffer()!, colour: gl.createBuffer()!, on: gl.createBuffer()! };
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  private link(): WebGLProgram {
    const { gl } = this;
    const program = gl.createProgram()!;
    for (const [type, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(type)!;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`WebGL: ${gl.getProgramInfoLog(program)}`);
    return program;
  }

  /** Values between 0 and 1; of "on" bytes, 0 or 255. */
  set(slot: Slot, values: Float32Array | Uint8Array): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[slot]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    if (slot === "x") this.n = values.length;
    if (slot === "on") this.masked = true;
  }

  get masking(): boolean {
    return this.masked;
  }

  clearMask(): void {
    this.masked = false;
  }

  /** Whether points that are not selected are left out. */
  setOnly(only: boolean): void {
    this.only = only;
  }

  /** Colours from 0 to 1, each 0..1. */
  setRamp(colours: [number, number, number][], faint: [number, number, number], smooth: boolean): void {
    const { gl } = this;
    const bytes = new Uint8Array(colours.flatMap((one) => [...one.map((part) => Math.round(255 * part)), 255]));
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, colours.length, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, smooth ? gl.LINEAR : gl.NEAREST);
    for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
    this.faint = faint;
  }

  resize(width: number, height: number): void {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.draw();
  }

  private attribute(slot: Slot, every: number): void {
    const { gl } = this;
    const at = gl.getAttribLocation(this.program, slot);
    if (at < 0) return;
    if (slot === "on" && !this.masked) {
      gl.disableVertexAttribArray(at);
      gl.vertexAttrib1f(at, 1);
      return;
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[slot]);
    gl.enableVertexAttribArray(at);
    if (slot === "on") gl.vertexAttribPointer(at, 1, gl.UNSIGNED_BYTE, true, every, 0);
    else gl.vertexAttribPointer(at, 1, gl.FLOAT, false, 4 * every, 0);
  }

  private paint(every: number): number {
    const { gl, view } = this;
    const begin = performance.now();
    const n = Math.floor((this.n + every - 1) / every);
    const ratio = this.canvas.width / Math.max(1, this.canvas.clientWidth);
    // A stride is at most 255 bytes: beyond, fewer points from the beginning.
    const step = Math.min(every, 63);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.useProgram(this.program);
    gl.uniform2f(this.places.centre!, view.x, view.y);
    gl.uniform2f(this.places.zoom!, 1.92 * view.zoom, 1.92 * view.zoom);
    gl.uniform1f(this.places.size!, ratio * (this.n > 200000 ? 1.5 : this.n > 20000 ? 2.5 : 4) * Math.min(2.5, Math.sqrt(view.zoom)));
    gl.uniform1f(this.places.alpha!, Math.min(0.9, Math.max(0.25, 30000 / (this.n / view.zoom + 1))));
    gl.uniform3f(this.places.faint!, ...this.faint);
    gl.uniform1f(this.places.masked!, this.masked ? 1 : 0);
    gl.uniform1f(this.places.only!, this.masked && this.only ? 1 : 0);
    for (const slot of ["x", "y", "colour", "on"] as const) this.attribute(slot, step);
    if (n > 0) gl.drawArrays(gl.POINTS, 0, n);
    // Waits for the picture, so that its time is known.
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    return performance.now() - begin;
  }

  /** Draws all points with the next frame. */
  draw(): void {
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => {
      this.took = this.paint(1);
    });
  }

  /** Draws as many as a moving picture allows, and all of them when it rests. */
  move(): void {
    clearTimeout(this.resting);
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => {
      this.onView();
      const took = this.paint(this.every);
      if (took > FRAME) this.every = Math.min(63, Math.ceil((this.every * took) / FRAME));
      else if (took < FRAME / 3 && this.every > 1) this.every = Math.max(1, Math.floor(this.every / 1.5));
      if (this.every > 1) this.resting = setTimeout(() => this.draw(), REST);
    });
  }

  /** The place under a point of the canvas, whose width and height are 1; up is more. */
  placeAt(across: number, down: number): [number, number] {
    const { view } = this;
    return [view.x + (across - 0.5) / (0.96 * view.zoom), view.y + (0.5 - down) / (0.96 * view.zoom)];
  }

  zoomAt(across: number, down: number, factor: number): void {
    const [x, y] = this.placeAt(across, down);
    const { view } = this;
    view.zoom = Math.min(20000, Math.max(0.5, view.zoom * factor));
    const [nx, ny] = this.placeAt(across, down);
    view.x += x - nx;
    view.y += y - ny;
    this.move();
  }

  pan(across: number, down: number): void {
    const { view } = this;
    view.x -= across / (0.96 * view.zoom);
    view.y += down / (0.96 * view.zoom);
    this.move();
  }

  reset(): void {
    Object.assign(this.view, { x: 0.5, y: 0.5, zoom: 1 });
    this.move();
  }

  free(): void {
    clearTimeout(this.resting);
    cancelAnimationFrame(this.pending);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
