// Runs the driver of the matrix under CPython compiled to WebAssembly.
//
//     node wasm.mjs PYODIDE_FOLDER TREE
//
// The tree is mounted, not copied; nothing is fetched. Standard output is passed on byte for byte.

import { writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const [pyodideFolder, tree] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`).href);

const kept = ["TZ", "LC_ALL", "PYTHONHASHSEED"];
const env = { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1" };
for (const name of kept) if (process.env[name] !== undefined) env[name] = process.env[name];

const pyodide = await loadPyodide({ indexURL: `${pyodideFolder}/`, env });
pyodide.setStdout({ write: (bytes) => writeSync(1, bytes) });
pyodide.setStderr({ write: (bytes) => writeSync(2, bytes) });
pyodide.FS.mkdirTree("/tree");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: tree }, "/tree");

// Uncaught, an error would print a line of the build's minified source: megabytes of it.
let code = 1;
try {
    code = await pyodide.runPythonAsync(`
import os, sys
os.chdir("/tree")
sys.path.insert(0, "/tree")
from tests.matrix.driver import main
try:
    code = main(["inside"])
except SystemExit as ended:
    print(ended, file=sys.stderr)
    code = 1
code
`);
} catch (error) {
    writeSync(2, `${error.message}\n`);
}
process.exit(code);
