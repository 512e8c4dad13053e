"""`leadpact check`: everything that is wrong, at once, each with its fix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.roster import staff_of

if TYPE_CHECKING:
    from connectors.errors import ConnectorError
    from sync.files import Files
    from sync.lint import Facts
    from sync.remarks import Remark

EXIT_ERROR, EXIT_CONFIGURATION = 1, 78


def check(
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Check the files only, ask no CRM.")] = False,
    create_fields: Annotated[
        bool, typer.Option("--create-fields", help="First offer to create the missing fields of [own_fields], or say what an admin adds.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --create-fields: create them without being asked.")] = False,
) -> int:
    """Check config, agreement, roster, credentials, stages, owners and fields: all problems at once."""
    from sync.files import read_files
    from sync.remarks import Level

    _refuse_if_odd(offline=offline, create=create_fields, yes=yes)
    files = read_files(config)
    went_well = _create_fields(files, yes=yes) if create_fields else True
    found = dict.fromkeys([*_of_config(files), *_of_agreement(files), *([] if offline else _of_crms(files))])
    remarks = sorted(found, key=lambda remark: list(Level).index(remark.level))
    for remark in remarks:
        typer.echo(_line(remark))
    errors = sum(remark.level is Level.ERROR for remark in remarks)
    warnings = sum(remark.level is Level.WARNING for remark in remarks)
    typer.echo(f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}")
    return _exit_code(remarks) if errors else (0 if went_well else EXIT_ERROR)


def _refuse_if_odd(*, offline: bool, create: bool, yes: bool) -> None:
    from sync.errors import UsageError

    if create and offline:
        raise UsageError("--create-fields asks the CRMs, and --offline asks none", fix="leave out one of them")
    if yes and not create:
        raise UsageError("--yes goes with --create-fields: nothing else is asked", fix="add --create-fields, or leave it out")


def _create_fields(files: Files, *, yes: bool) -> bool:
    from sync.cli.create_fields import create_fields

    return create_fields(files, yes=yes)


def _exit_code(remarks: list[Remark]) -> int:
    """Return 78, but 1 where nothing is wrong except that a CRM did not answer."""
    from sync.remarks import Level

    return EXIT_ERROR if all(remark.of_the_world for remark in remarks if remark.level is Level.ERROR) else EXIT_CONFIGURATION


def _of_config(files: Files) -> list[Remark]:
    from sync.lint_told import untold
    from sync.remarks import Level, Remark

    config = files.config
    return [
        *untold(files.agreement, files.roster, config.told, file=str(config.path)),
        *(
            Remark(
                level=Level.WARNING,
                where=f"{problem.file}: {problem.where}" if problem.where else problem.file,
                what=f"{problem.found}, better {problem.expected}",
                fix=problem.fix,
            )
            for problem in files.config.warnings
        ),
    ]


def _of_agreement(files: Files) -> list[Remark]:
    from sync.agreement.lint import lint_text
    from sync.agreement.versions import why_not_enforcing
    from sync.audited import not_judged
    from sync.lint import lint_agreement
    from sync.lint_recognised import recognition_remarks
    from sync.vendors import vocabularies
    from sync.wiring import machine_clock

    standing = lint_agreement(files.agreement.hash, why_not_enforcing(files.agreement, machine_clock()), not_judged(files.agreement))
    recognised = recognition_remarks(files.agreement, vocabularies(files.config))
    return [*lint_text(files.agreement, files.roster), *recognised, *standing]


def _of_crms(files: Files) -> list[Remark]:
    """Ask each CRM what it is; an error of one is a remark, so that the others are still asked."""
    from contextlib import closing

    from connectors.errors import ConnectorError
    from sync.lint import lint, lint_crm
    from sync.vendors import crm_facts
    from sync.wiring import connect

    answers: list[Facts] = []
    silent: list[Remark] = []
    for connector in connect(files.config, files.agreement):
        with closing(connector):
            try:
                answers.append(crm_facts(files.config, connector))
            except ConnectorError as error:
                silent.append(_refused(connector.crm, error))
    roster = files.roster.with_nobody(files.config.own_users)
    for facts in answers:
        typer.echo(_account(facts, files.config.api_versions[facts.account.crm]))
    if silent:  # what only all together can tell is left open
        return [*silent, *(remark for facts in answers for remark in lint_crm(files.agreement, roster, facts))]
    return lint(files.agreement, roster, *answers)


def _refused(crm: str, error: ConnectorError) -> Remark:
    from connectors.errors import Exhausted, Unreachable
    from sync.remarks import Level, Remark

    of_the_world = isinstance(error, Unreachable | Exhausted)
    return Remark(level=Level.ERROR, where=crm, what=str(error), fix=error.fix, of_the_world=of_the_world)


def _account(facts: Facts, version: str) -> str:
    """Say which account answered: `asked   salesforce: account 00D…, SANDBOX, by API 62.0; people 12, queues 2, teams 3`."""
    from sync.plain import plain

    kind = f", {facts.account.kind}" if facts.account.kind else ""
    return plain(f"asked   {facts.account.crm}: account {facts.account.id}{kind}, by API {version}; {staff_of(facts)}")


def _line(remark: Remark) -> str:
    from sync.plain import plain

    return plain(f"{remark.level.value:<7} {remark.where}: {remark.what}") + "\n" + plain(f"        fix: {remark.fix}")
