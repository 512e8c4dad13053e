"""Salesforce's connector changes records as the contract of all connectors says, on the practice Salesforce over HTTP."""

from collections.abc import Iterator

import pytest

from tests.contract.practice_salesforce import PracticeSalesforce, practice_salesforce
from tests.contract.writer_suite import WriterContract, WriterRehearsal


class WrittenSalesforce(PracticeSalesforce):
    """The org whose writes go wrong."""

    def fault(self, **rule: object) -> None:
        super().fault(path="*/composite/sobjects", **rule)


@pytest.fixture
def practice() -> Iterator[PracticeSalesforce]:
    with practice_salesforce() as practice:
        yield practice


class TestSalesforceKeepsTheContractOfWriters(WriterContract):
    @pytest.fixture
    def crm(self, practice: PracticeSalesforce) -> WriterRehearsal:
        return WrittenSalesforce(practice.org, practice.url)
