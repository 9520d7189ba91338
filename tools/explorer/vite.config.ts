import { defineConfig } from "vite";

// The page is served from any folder, so its addresses are relative; nothing is inlined, since the policy forbids it.
export default defineConfig({
  base: "./",
  publicDir: false,
  build: {
    outDir: "../../orchestrator/audit/site/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: "es" },
});
