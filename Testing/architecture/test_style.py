import ast

from Testing.architecture.source_tree import (
    EXTENSION,
    MODULE,
    TESTING,
    functions,
    parse,
    python_files,
    shipped_files,
)

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
LONGEST_ENTRY_SCRIPT = 150


def test_files_stay_short() -> None:
    for file in python_files(MODULE, EXTENSION, TESTING):
        limit = LONGEST_ENTRY_SCRIPT if file == MODULE / "BSAFusion.py" else LONGEST_FILE
        assert len(file.read_text(encoding="utf-8").splitlines()) < limit, file


def test_functions_stay_short() -> None:
    for file in python_files(MODULE, EXTENSION, TESTING):
        for function in functions(parse(file)):
            assert function.end_lineno is not None
            lines = function.end_lineno - function.lineno + 1
            assert lines < LONGEST_FUNCTION, f"{file}: {function.name} has {lines} lines"


def test_every_argument_and_result_is_annotated() -> None:
    for file in shipped_files():
        for function in functions(parse(file)):
            named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            missing = [a.arg for a in named if a.annotation is None and a.arg not in {"self", "cls"}]
            assert not missing, f"{file}: {function.name}({', '.join(missing)})"
            assert function.returns is not None, f"{file}: {function.name} says not what it returns"


def test_every_public_function_says_what_it_does() -> None:
    for file in shipped_files():
        for node in parse(file).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{file}: {node.name}"
