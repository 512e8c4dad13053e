"""Connects the CRMs of a config: the only module that names a vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import SecretStr

from connectors.budget import DayShares
from connectors.hubspot import mapping as hubspot_mapping
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.webhooks import HubSpotWebhooks
from connectors.pacing import RetryPolicy, Waiting
from connectors.protocol import Connector, WritingConnector
from connectors.records import Vocabulary, Wanted
from connectors.salesforce import mapping as salesforce_mapping
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.settings import SalesforceSettings
from connectors.webhooks import Webhooks
from sync.agreement.model import Agreement
from sync.config import Config
from sync.config_salesforce import SalesforceSettings as SalesforceSection
from sync.config_sections import HubSpotSettings as HubSpotSection
from sync.lint import Facts
from sync.pull import AT_ONCE, read_facts
from sync.remedies.targets import fields_beside, wanted_lists
from sync.version import VERSION

CONNECTIONS = 2 * AT_ONCE  # while a daemon writes, its poller reads by as many as a run does


def vocabularies(config: Config) -> Mapping[str, Vocabulary]:
    """Return the vocabulary of every CRM that the config connects, Marketing's first."""
    words = {"hubspot": hubspot_mapping.VOCABULARY}
    if (org := config.salesforce) is not None:
        words["salesforce"] = salesforce_mapping.vocabulary(form_date_field=org.form_date_field, form_name_field=org.form_name_field)
    return {crm: replace(words[crm], own_fields=config.own_fields.of(crm)) for crm in config.crms}


def wanted(config: Config, agreement: Agreement, crm: str) -> Wanted:
    """Return the fields to read of one CRM: those the agreement names, with their history, and those leadpact itself asks for.

    These are those it fills in itself, the hold, where it protects, what says that two records of the connected CRMs are one person, and
    of companies whose they are and their domain, where leads go to the owner of the account.
    """
    words, named = vocabularies(config)[crm], dict(agreement.crm_fields(crm))
    more: dict[str, set[str]] = {kind: set(words.own_fields.values()) for kind in words.persons}
    if any(protection.what == "hold" for protection in agreement.protect.when):
        more[words.person].add(words.hold)
    if any("account owner" in pool.first for pool in agreement.pools.values()):
        more.setdefault(words.company, set()).update(filter(None, (words.owner, words.company_domain)))
    for reference in words.references:
        if reference.to_crm in config.crms:
            more.setdefault(reference.kind, set()).add(reference.field)
    lists = wanted_lists(agreement, crm)
    for kind in words.persons:
        more[kind] |= fields_beside(agreement, words)
    kinds = named.keys() | more.keys()
    fields = {kind: named.get(kind, frozenset()) | more.get(kind, set()) for kind in sorted(kinds)}
    return Wanted(fields=fields, history=named, lists=lists)


def connectors_of(
    config: Config, agreement: Agreement, waiting: Waiting, *, retry: RetryPolicy | None = None
) -> tuple[WritingConnector, ...]:
    """Return a connector for every CRM of the config, Marketing's first; none has made a call yet.

    How long one insists is said by `retry`, else by the config: a run that a person waits for insists for hours.
    """
    return tuple(_connector(config, wanted(config, agreement, crm), crm, waiting, retry) for crm in config.crms)


def _connector(config: Config, fields: Wanted, crm: str, waiting: Waiting, retry: RetryPolicy | None) -> WritingConnector:
    if crm == "hubspot" and config.hubspot is not None:
        settings = hubspot_settings(config.hubspot)
        return HubSpot(replace(settings, retry=retry or settings.retry), fields, waiting)
    assert config.salesforce is not None, crm
    org = salesforce_settings(config.salesforce)
    return Salesforce(replace(org, retry=retry or org.retry), fields, waiting)


def hubspot_settings(hubspot: HubSpotSection) -> HubSpotSettings:
    """Return the connection that `[hubspot]` describes."""
    return HubSpotSettings(
        token=hubspot.token.get_secret_value(),
        base_url=hubspot.base_url,
        api_version=hubspot.api_version,
        burst_share=hubspot.burst_share,
        day=DayShares(max_share=hubspot.max_share, floor=hubspot.floor),
        at_once=CONNECTIONS,
        retry=RetryPolicy(run_s=hubspot.deadline.total_seconds()),
        timeout_s=hubspot.timeout_s,
        user_agent=f"leadpact/{VERSION}",
    )


def salesforce_settings(org: SalesforceSection) -> SalesforceSettings:
    """Return the connection that `[salesforce]` describes."""
    return SalesforceSettings(
        my_domain=org.my_domain,
        consumer_key=org.consumer_key,
        consumer_secret=_shown(org.consumer_secret),
        private_key=_shown(org.private_key),
        username=org.username,
        session_id=_shown(org.session_id),
        api_version=org.api_version,
        base_url=org.base_url,
        day=DayShares(max_share=org.max_share, floor=org.floor),
        at_once=CONNECTIONS,
        timeout_s=org.timeout_s,
        user_agent=f"leadpact/{VERSION}",
        retry=RetryPolicy(run_s=org.deadline.total_seconds()),
        bulk_above=org.bulk_above,
        overlap=org.overlap,
        form_date_field=org.form_date_field,
        form_name_field=org.form_name_field,
        own_user=org.user_id,
    )


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def crm_facts(config: Config, connector: Connector) -> Facts:
    """Ask one CRM which account it is, how its fields are defined and who its owners are."""
    return read_facts(connector, vocabularies(config)[connector.crm], connector.account())


def webhooks_of(config: Config) -> Webhooks | None:
    """Return how the webhooks that wake the daemon are signed and written; None where none are to come."""
    secret = config.hubspot.client_secret if config.hubspot is not None else None
    return HubSpotWebhooks(secret.get_secret_value()) if secret is not None else None
