"""The picklist values HubSpot starts a portal with, and the two this portal added. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value of a picklist; `order` is its place in the list."""

    value: str
    label: str
    order: int
    hidden: bool = False
    description: str = ""


# Label is derived from the value where none stands after the bar; a tilde is a blank in a value.
_SETS = {
    "yes_no": "true|Yes false|No",
    "lifecyclestage": "subscriber lead marketingqualifiedlead|Marketing_qualified salesqualifiedlead|Sales_qualified "
    "opportunity customer evangelist other",
    "lead_status": "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING RECYCLED DISQUALIFIED",
    "source": "ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC "
    "OFFLINE PAID_SOCIAL AI_REFERRALS",
    "buying_role": "BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR INFLUENCER LEGAL_AND_COMPLIANCE OTHER",
    "company_type": "PROSPECT PARTNER RESELLER VENDOR OTHER",
    "fit_tier": "tier_1 tier_2 tier_3",
    "deal_type": "newbusiness|New_business existingbusiness|Existing_business",
    "deal_priority": "low medium high",
    "ticket_priority": "LOW MEDIUM HIGH URGENT",
    "lead_type": "NEW_BUSINESS RE_ATTEMPTING UPSELL",
    "lead_label": "HOT WARM COLD",
    "call_direction": "INBOUND OUTBOUND",
    "call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7|Connected 73a0d17f-1163-4015-bdd5-ec830791da20|No_answer "
    "9d9162e7-6cf3-4944-bf63-4dff82258764|Busy b2cf5968-551e-4856-9783-52b3da59a7d0|Left_voicemail "
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff|Left_live_message 17b47fee-58de-441e-a44c-c6300d46f273|Wrong_number",
    "call_status": "COMPLETED NO_ANSWER BUSY FAILED CANCELED MISSED QUEUED RINGING IN_PROGRESS CONNECTING CALLING_CRM_USER",
    "email_direction": "EMAIL INCOMING_EMAIL FORWARDED_EMAIL",
    "email_status": "SENT BOUNCED FAILED SCHEDULED SENDING",
    "meeting_outcome": "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED",
    "channel": "SMS WHATS_APP LINKEDIN_MESSAGE",
    "logged_from": "CRM",
    "task_status": "NOT_STARTED IN_PROGRESS COMPLETED WAITING DEFERRED",
    "task_priority": "NONE LOW MEDIUM HIGH",
    "task_type": "TODO CALL EMAIL",
    "employees": "1-5 5-25 25-50 50-100 100-500 500-1000 1000+|1000_and_more",
    "language": "cs|Czech da|Danish de|German en|English en-gb|English_(UK) en-us|English_(USA) es|Spanish fi|Finnish fr|French "
    "it|Italian ja|Japanese nl|Dutch pl|Polish pt|Portuguese pt-br|Portuguese_(Brazil) sv|Swedish zh|Chinese",
    "timezone": "america_slash_chicago america_slash_denver america_slash_los_angeles america_slash_new_york america_slash_sao_paulo "
    "asia_slash_singapore asia_slash_tokyo australia_slash_sydney europe_slash_berlin europe_slash_london europe_slash_paris utc|UTC",
    "hard_bounce": "CONTENT MAILBOX_FULL OTHER POLICY SPAM UNKNOWN_USER",
    "legal_basis": "Legitimate~interest~–~prospect/lead|Interest_in_a_prospect "
    "Legitimate~interest~–~existing~customer|Interest_in_a_customer Legitimate~interest~-~other|Other_interest "
    "Performance~of~a~contract|A_contract Freely~given~consent~from~contact|Consent Not~applicable|None",
    "industry": "ACCOUNTING AIRLINES_AVIATION AUTOMOTIVE BANKING BIOTECHNOLOGY CHEMICALS CIVIL_ENGINEERING COMPUTER_HARDWARE "
    "COMPUTER_NETWORK_SECURITY COMPUTER_SOFTWARE CONSTRUCTION CONSUMER_ELECTRONICS CONSUMER_GOODS CRM_VENDOR DESIGN E_LEARNING "
    "EDUCATION_MANAGEMENT ELECTRICAL_ELECTRONIC_MANUFACTURING ENTERTAINMENT FINANCIAL_SERVICES FOOD_BEVERAGES "
    "GOVERNMENT_ADMINISTRATION HEALTH_WELLNESS_AND_FITNESS HIGHER_EDUCATION HOSPITAL_HEALTH_CARE HOSPITALITY HUMAN_RESOURCES "
    "INDUSTRIAL_AUTOMATION INFORMATION_SERVICES INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INTERNET INVESTMENT_MANAGEMENT "
    "LAW_PRACTICE LEGAL_SERVICES LEISURE_TRAVEL_TOURISM LOGISTICS_AND_SUPPLY_CHAIN MACHINERY MANAGEMENT_CONSULTING "
    "MARKETING_AND_ADVERTISING MECHANICAL_OR_INDUSTRIAL_ENGINEERING MEDIA_PRODUCTION MEDICAL_DEVICES NON_PROFIT_ORGANIZATION_MANAGEMENT "
    "OIL_ENERGY PHARMACEUTICALS PROFESSIONAL_TRAINING_COACHING PUBLISHING REAL_ESTATE RENEWABLES_ENVIRONMENT RESTAURANTS RETAIL "
    "SECURITY_AND_INVESTIGATIONS SEMICONDUCTORS STAFFING_AND_RECRUITING TELECOMMUNICATIONS TRANSPORTATION_TRUCKING_RAILROAD "
    "UTILITIES VENTURE_CAPITAL_PRIVATE_EQUITY WHOLESALE WIRELESS",
}


def _option(order: int, text: str) -> Option:
    value, _, label = text.partition("|")
    return Option(value=value.replace("~", " "), label=(label or value.capitalize()).replace("_", " "), order=order)


OPTION_SETS = {name: tuple(_option(i, text) for i, text in enumerate(texts.split())) for name, texts in _SETS.items()}
