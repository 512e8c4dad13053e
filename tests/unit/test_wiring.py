"""What is read of each CRM, by which CRMs are connected."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.config import Config, load_config
from sync.vendors import salesforce_settings, vocabularies, wanted
from sync.wiring import connect
from tests.builders import the_agreement

HUBSPOT = {"LEADPACT_HUBSPOT__TOKEN": "t"}
SALESFORCE = {"LEADPACT_SALESFORCE__CONSUMER_SECRET": "s"}
TABLE = '[salesforce]\nmy_domain = "acme.my"\nconsumer_key = "k"\nform_date_field = "Form_At__c"\nform_name_field = "Form__c"\n'
HOLD = ('when = ["open deal"', 'when = ["hold", "open deal"')


@pytest.fixture
def both(tmp_path: Path) -> Config:
    return config(tmp_path, TABLE, HUBSPOT | SALESFORCE)


def config(folder: Path, text: str, env: dict[str, str]) -> Config:
    (folder / "config.toml").write_text(text)
    return load_config(folder / "config.toml", env)


def test_with_both_what_says_who_is_who_is_read_too(both: Config, tmp_path: Path) -> None:
    alone = config(tmp_path, "", HUBSPOT)

    more = wanted(both, the_agreement(), "hubspot").fields["contact"] - wanted(alone, the_agreement(), "hubspot").fields["contact"]

    assert more == {"salesforceleadid", "salesforcecontactid"}


def test_what_says_that_a_lead_became_a_contact_is_read_with_salesforce_alone(tmp_path: Path) -> None:
    fields = wanted(config(tmp_path, TABLE, SALESFORCE), the_agreement(), "salesforce").fields

    assert "ConvertedContactId" in fields["Lead"]


def test_the_hold_of_each_crm_is_read_where_it_protects(both: Config) -> None:
    held = the_agreement(HOLD)

    assert "leadpact_hold" in wanted(both, held, "hubspot").fields["contact"]
    assert "Leadpact_Hold__c" in wanted(both, held, "salesforce").fields["Lead"]
    assert "Leadpact_Hold__c" not in wanted(both, the_agreement(), "salesforce").fields["Lead"]


def test_the_vocabulary_has_the_fields_of_the_orgs_form(both: Config) -> None:
    words = vocabularies(both)

    assert list(words) == ["hubspot", "salesforce"]
    assert (words["salesforce"].hand_raise_at, words["salesforce"].hand_raise_form) == ("Form_At__c", "Form__c")


def test_connecting_makes_no_call(both: Config) -> None:
    connectors = connect(both, the_agreement())

    assert [connector.crm for connector in connectors] == ["hubspot", "salesforce"]
    assert [connector.usage().calls for connector in connectors] == [0, 0]
    for connector in connectors:
        connector.close()


def test_no_secret_of_a_connection_is_shown(both: Config) -> None:
    assert both.salesforce is not None
    settings = salesforce_settings(both.salesforce)

    assert settings.consumer_secret == "s"
    assert "'s'" not in repr(settings)
