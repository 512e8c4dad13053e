"""`leadpact notify`: which messages did not arrive; `--test` sends one line to each target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sync.config import Config
    from sync.config_notify import Target
    from sync.delivery import Door
    from sync.letter import Answer

EXIT_NOT_SENT = 1


def notify(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this target: the name of a [[notify]].")] = None,
    test: Annotated[bool, typer.Option("--test", help="Send one line to each target, and tell what each answered.")] = False,
    preview: Annotated[str | None, typer.Option(metavar="KIND", help="Show how a message of this kind reads, from invented data.")] = None,
    to: Annotated[str | None, typer.Option(metavar="EMAIL", help="With --test: who gets it where the URL asks for an address.")] = None,
    last: Annotated[int, typer.Option(min=1, help="Without --test: at most so many messages.")] = 20,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """List the messages to people that wait, failed, or may not have arrived, the newest first; or try the targets."""
    if preview is not None:
        _preview(config, preview)
        return 0
    if test:
        return _test(config, name, to)
    _list(config, name, last)
    return 0


def _list(config: Path | None, name: str | None, last: int) -> None:
    from sync.plain import plain
    from sync.report.former import message_line
    from sync.wiring import open_past

    with open_past(config) as past:
        kept = [one for one in past.outbox.not_sent(last) if name in (None, one.target)]
    for one in kept:
        typer.echo(plain(message_line(one)))
    if not kept:
        typer.echo("Every message was sent.")


def _preview(path: Path | None, name: str) -> None:
    from sync.errors import UsageError
    from sync.letter_samples import sample
    from sync.messages import Kind
    from sync.problems import choose_fix, listed
    from sync.wiring import open_config, open_templates

    known = [kind.value for kind in Kind]
    if name not in known:
        raise UsageError(f"there is no kind of message `{name}`", fix=choose_fix(name, known, otherwise=f"known are: {listed(known)}"))
    facts, ours = sample(Kind(name), is_shared=True)
    letter = open_templates(open_config(path)).letter(facts, ours, is_shared=True)
    typer.echo(f"{letter.title}\n\n{letter.body}")


def _test(path: Path | None, name: str | None, to: str | None) -> int:
    from sync.letter import Fate
    from sync.wiring import open_config, open_door, open_templates

    config, door = open_config(path), open_door()
    open_templates(config)  # refuses those that would not do
    failed = 0
    for target in _chosen(config, name):
        answer = _tried(target, to, door)
        failed += answer.fate is not Fate.SENT
        typer.echo(f"{target.name}: {answer.fate.value}{f': {answer.said}' if answer.said else ''}")
    return EXIT_NOT_SENT if failed else 0


def _tried(target: Target, to: str | None, door: Door) -> Answer:
    from sync.letter import Answer, Fate, Letter

    url = target.url_for(to)
    if url is None:
        return Answer(Fate.FAILED, "its URL asks for an address: add --to EMAIL")
    letter = Letter(title="leadpact: a test", body=f"This is how messages for {', '.join(target.readers)} arrive.")
    return door.send(url, letter, timeout_s=target.timeout_s)


def _chosen(config: Config, name: str | None) -> tuple[Target, ...]:
    from sync.errors import UsageError
    from sync.problems import choose_fix, listed

    names = [target.name for target in config.notify]
    if not names:
        raise UsageError(f"{config.path} has no [[notify]]", fix="add one: docs/how-to/notify.md")
    if name is not None and name not in names:
        raise UsageError(f"there is no target `{name}`", fix=choose_fix(name, names, otherwise=f"known are: {listed(names)}"))
    return tuple(target for target in config.notify if name in (None, target.name))
