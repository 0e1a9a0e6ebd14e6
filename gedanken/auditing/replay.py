# Runs inside the sandbox, in the workspace. Makes a range of a transcript's edits; or, in the mode `look`, only
# checks whether the first edit of each file can be made. Prints a line of JSON for each edit. Needs only the standard
# library.
import json
import sys
from pathlib import Path


def main():
    first, last, mode = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    edits = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))[first:last]
    seen_paths = set()
    for edit in edits:
        if mode == "look" and edit["path"] in seen_paths:
            continue
        seen_paths.add(edit["path"])
        try:
            problem = change(edit, Path(edit["path"]), only_look=mode == "look")
        except (OSError, ValueError) as error:
            problem = str(error)
        print(json.dumps({"path": edit["path"], "problem": problem}))


def change(edit, path, only_look):
    old, new, at_line = edit["old"], edit["new"], edit["at_line"]
    if edit["deletes"]:
        if not path.exists():
            return "it does not exist"
        if not only_look:
            path.unlink()
        return None
    if at_line is None and old is None:
        if not only_look:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, new)
        return None
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    if at_line is not None:
        lines = text.splitlines(keepends=True)
        if at_line > len(lines):
            return "it has too few lines"
        lines.insert(at_line, new if new.endswith("\n") else new + "\n")
        new_text = "".join(lines)
    elif not old and not new:
        return "the transcript does not say what was changed"
    elif new and new in text and old in new:
        return "it was already changed"
    elif old not in text:
        return "it does not contain the text that was replaced"
    else:
        new_text = text.replace(old, new) if edit["all"] else text.replace(old, new, 1)
    if not only_look:
        write(path, new_text)
    return None


def write(path, text):
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)


main()
