// The part of solc's command line that Brownie uses: --standard-json [FILE], with imports read from disk
// below the base path and the --allow-paths folders only, as the native compiler does.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

function fail(text) {
  process.stderr.write(`solc: ${text}\n`);
  process.exit(1);
}

function parse(words) {
  const options = { standardJson: false, file: null, base: process.cwd(), allowed: [] };
  for (let i = 0; i < words.length; i += 1) {
    const [word, glued] = words[i].split(/=(.*)/s, 2);
    const value = () => glued ?? words[(i += 1)] ?? fail(`${word} needs a value`);
    if (word === "--standard-json") options.standardJson = true;
    else if (word === "--allow-paths") options.allowed.push(...value().split(",").filter(Boolean));
    else if (word === "--base-path") options.base = path.resolve(value());
    else if (word === "-" || !word.startsWith("-")) options.file = word;
    else fail(`this launcher knows --version, --standard-json, --allow-paths and --base-path, not ${word}`);
  }
  if (!options.standardJson) fail("give --standard-json (the launcher has no other mode)");
  return options;
}

function readerFor({ base, allowed }) {
  const roots = [base, ...allowed].map((folder) => fs.realpathSync(path.resolve(base, folder)));
  return (name) => {
    try {
      const file = fs.realpathSync(path.resolve(base, name));
      if (!roots.some((root) => file === root || file.startsWith(root + path.sep)))
        return { error: `${name} is outside the allowed paths` };
      return { contents: fs.readFileSync(file, "utf8") };
    } catch (error) {
      return { error: `${name}: ${error.code ?? error.message}` };
    }
  };
}

const options = parse(process.argv.slice(2));
const input = fs.readFileSync(options.file && options.file !== "-" ? options.file : 0, "utf8");
const output = require("solc").compile(input, { import: readerFor(options) });
process.stdout.write(`${output}\n`); // waits for a slow pipe, where a synchronous write would fail
