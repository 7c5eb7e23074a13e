import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

// Licences that what is embedded may have: nothing that would bind whoever ships throng.
const ALLOWED = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"];

/** The folder of the package that a module belongs to; null for our own. */
function packageOf(module: string): string | null {
  return module.match(/^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0].replace(/^\0/, "") ?? null;
}

/** What packages want to be said with their code: each text once, under the names of all that have it. */
function notices(folders: string[]): string {
  const texts = new Map<string, string[]>();
  for (const folder of folders) {
    const about = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    if (!ALLOWED.includes(about.license)) throw new Error(`${about.name} is licensed ${about.license}: it may not be embedded`);
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : `Licence: ${about.license}`;
    texts.set(text, [...(texts.get(text) ?? []), `${about.name} ${about.version}`]);
  }
  return [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}`).join("\n\n----\n\n").replace(/\*\//g, "* /");
}

const licences: Plugin = {
  name: "licences",
  enforce: "post",
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk") continue;
      const folders = [...new Set(Object.keys(chunk.modules).map(packageOf))].filter((one) => one != null).sort();
      if (folders.length) chunk.code = `/*!\n${notices(folders)}\n*/\n${chunk.code}`;
      // The script stands within an HTML page, where these would end it.
      if (/<\/script|<!--/i.test(chunk.code)) throw new Error(`${chunk.fileName} cannot be put into a page`);
    }
  },
};

/** The hash of the script as it stands within a page, between two ends of lines: its policy lets no other run. */
const hash: Plugin = {
  name: "hash",
  writeBundle({ dir }) {
    const code = readFileSync(`${dir}/throng.js`, "utf8");
    writeFileSync(`${dir}/throng.js.sha256`, createHash("sha256").update(`\n${code}\n`).digest("base64"));
  },
};

// One script and one style under fixed names, which the library knows; what only the explorer needs is a file of its own.
export default defineConfig({
  base: "./",
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [licences, hash],
  build: {
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 1000,
    reportCompressedSize: false,
    rollupOptions: {
      output: { entryFileNames: "throng.js", chunkFileNames: "[name].js", assetFileNames: "throng[extname]" },
    },
  },
});
