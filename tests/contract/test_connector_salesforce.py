"""Salesforce's connector keeps the contract of all connectors, on the practice Salesforce over HTTP."""

from collections.abc import Iterator

import pytest

from tests.contract.connector_suite import ConnectorContract, Rehearsal
from tests.contract.practice_salesforce import PracticeSalesforce, practice_salesforce


@pytest.fixture
def practice() -> Iterator[PracticeSalesforce]:
    with practice_salesforce() as practice:
        yield practice


class TestSalesforceKeepsTheContract(ConnectorContract):
    @pytest.fixture
    def crm(self, practice: PracticeSalesforce) -> Rehearsal:
        return practice
