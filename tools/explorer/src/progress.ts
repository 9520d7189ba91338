/** The audit of everything, in a worker of its own; views listen to how far it has come. */
import workerAddress from "./worker?worker&url";
import { place, type Index } from "./data";
import type { Result } from "./results";

export interface Finding {
  where: string;
  route: string;
  result: Result;
}
export interface Progress {
  done: number;
  total: number;
  good: number;
  bad: Finding[];
  absent: number;
  /** Of each checkpoint and round by its route, the worst state. */
  states: Map<string, Result["state"]>;
  failure: string;
}
export interface Message {
  where: string;
  route: string;
  results: Result[];
  total: number;
}

const listeners = new Set<() => void>();
export const progress: Progress = { done: 0, total: 0, good: 0, bad: [], absent: 0, states: new Map(), failure: "" };

/** Calls back now and whenever there is more; until the element is gone. */
export function follow(element: Element, show: () => void): void {
  const listener = () => (element.isConnected || progress.done === 0 ? show() : void listeners.delete(listener));
  listeners.add(listener);
  show();
}

export function take({ where, route, results, total }: Message): void {
  progress.done += 1;
  progress.total = total;
  for (const result of results) {
    if (result.state === "good") progress.good += 1;
    else if (result.state === "absent") progress.absent += 1;
    else progress.bad.push({ where, route, result });
    const known = progress.states.get(route);
    if (known !== "bad") progress.states.set(route, result.state === "bad" ? "bad" : (known ?? result.state));
  }
}

let waiting = 0;

function announce(): void {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => listeners.forEach((listener) => listener()));
}

interface Policy {
  createScriptURL(address: string): string;
}
declare global {
  interface Window {
    trustedTypes?: { createPolicy(name: string, rules: Policy): Policy };
  }
}

/** Only the page's own worker is ever started. */
function own(address: string): string {
  const rules = {
    createScriptURL(given: string): string {
      if (new URL(given, location.href).origin !== location.origin) throw new Error("a worker from elsewhere");
      return given;
    },
  };
  return window.trustedTypes ? window.trustedTypes.createPolicy("explorer", rules).createScriptURL(address) : rules.createScriptURL(address);
}

export function start(index: Index): void {
  const worker = new Worker(own(new URL(workerAddress, document.baseURI).href), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Message[]>) => {
    data.forEach(take);
    announce();
  };
  worker.onerror = (event) => {
    progress.failure = event.message || "the background audit could not be started";
    announce();
  };
  worker.postMessage({ place: place(), index });
}
