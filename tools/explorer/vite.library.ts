import { defineConfig } from "vite";

// What the page recomputes, for Node: tests compare it with the Python code.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "../../build/explorer-library",
    emptyOutDir: true,
    target: "node20",
    minify: false,
    reportCompressedSize: false,
    lib: { entry: "src/verify/index.ts", formats: ["es"], fileName: () => "verify.mjs" },
  },
});
