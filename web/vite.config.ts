import { defineConfig } from "vite";

// One script and one style under fixed names, which the library knows; what only the explorer needs is a file of its own.
export default defineConfig({
  base: "./",
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
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
