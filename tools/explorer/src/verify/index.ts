/** Everything that the page recomputes, as a library of its own: tests run it under Node beside the Python code. */
export * from "./awards";
export * from "./bytes";
export * from "./canonical";
export * from "./checkpoints";
export * from "./manifests";
export * from "./merkle";
export * from "./records";
export * from "./signatures";
export * from "./verdicts";
