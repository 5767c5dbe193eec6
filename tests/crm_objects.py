"""Describe documents of standard objects, with the fields that people load."""

from __future__ import annotations

from typing import Any

_ADDRESS = "Street:textarea City:string State:string PostalCode:string Country:string"
_FIELDS = {
    "Contact": "FirstName:string LastName:string Salutation:picklist Email:email Phone:phone"
    " MobilePhone:phone HomePhone:phone OtherPhone:phone Fax:phone AssistantName:string"
    " AssistantPhone:phone Title:string Department:string Birthdate:date LeadSource:picklist"
    " Description:textarea AccountId:reference=Account ReportsToId:reference=Contact"
    " OwnerId:reference=User"
    " EmailBouncedReason:string EmailBouncedDate:datetime Jigsaw:string"
    " CleanStatus:picklist IndividualId:reference=Individual -Name:string"
    " -IsEmailBounced:boolean -LastActivityDate:date -PhotoUrl:url",
    "Lead": "FirstName:string LastName:string Salutation:picklist Email:email Phone:phone"
    " MobilePhone:phone Fax:phone Title:string Company:string Website:url Industry:picklist"
    " Rating:picklist AnnualRevenue:currency NumberOfEmployees:int LeadSource:picklist"
    " Status:picklist Description:textarea OwnerId:reference=User"
    " Jigsaw:string CleanStatus:picklist IsConverted:boolean -Name:string"
    " IsUnreadByOwner:boolean CompanyDunsNumber:string -ConvertedDate:date",
    "Account": "Name:string Type:picklist ParentId:reference=Account Phone:phone Fax:phone"
    " AccountNumber:string Website:url Sic:string Industry:picklist AnnualRevenue:currency"
    " NumberOfEmployees:int Ownership:picklist TickerSymbol:string Description:textarea"
    " Rating:picklist Site:string AccountSource:picklist DunsNumber:string Tradestyle:string"
    " NaicsCode:string YearStarted:string SicDesc:string OwnerId:reference=User"
    " RecordTypeId:reference=RecordType NaicsDesc:string Jigsaw:string"
    " CleanStatus:picklist -PhotoUrl:url -IsPartner:boolean",
    "Opportunity": "Name:string AccountId:reference=Account StageName:picklist Amount:currency"
    " Probability:percent TotalOpportunityQuantity:double CloseDate:date Type:picklist"
    " NextStep:string LeadSource:picklist ForecastCategoryName:picklist IsPrivate:boolean"
    " Description:textarea CampaignId:reference=Campaign ContactId:reference=Contact"
    " OwnerId:reference=User"
    " Pricebook2Id:reference=Pricebook2 -IsClosed:boolean -IsWon:boolean"
    " -ExpectedRevenue:currency -FiscalYear:int -LastStageChangeDate:datetime",
    "Case": "Subject:string Description:textarea Status:picklist Priority:picklist"
    " Origin:picklist Reason:picklist Type:picklist SuppliedName:string SuppliedEmail:email"
    " SuppliedPhone:string SuppliedCompany:string IsEscalated:boolean Comments:textarea"
    " ContactId:reference=Contact AccountId:reference=Account OwnerId:reference=User"
    " AssetId:reference=Asset ParentId:reference=Case -CaseNumber:string"
    " -IsClosed:boolean -ClosedDate:datetime -ContactEmail:email -ContactPhone:phone",
    "Event": "Subject:combobox Location:string IsAllDayEvent:boolean StartDateTime:datetime"
    " EndDateTime:datetime ActivityDateTime:datetime DurationInMinutes:int Description:textarea"
    " IsPrivate:boolean ShowAs:picklist OwnerId:reference=User"
    " WhoId:reference=Contact WhatId:reference=Account ActivityDate:date"
    " RecurrenceType:picklist RecurrenceInterval:int ReminderDateTime:datetime"
    " IsReminderSet:boolean -EndDate:date -IsArchived:boolean -AccountId:reference=Account",
    "OpportunityContactRole": "OpportunityId:reference=Opportunity ContactId:reference=Contact"
    " Role:picklist IsPrimary:boolean",
    "Custom__c": "Name:string CustomField__c:string",
}
_ADDRESSES = {"Contact": ["Mailing", "Other"], "Lead": [""], "Account": ["Billing", "Shipping"]}
_PLACE = "Latitude:double Longitude:double GeocodeAccuracy:picklist"
_LABELS = {
    "SuppliedName": "Name",
    "SuppliedEmail": "Email Address",
    "SuppliedPhone": "Phone",
    "SuppliedCompany": "Company",
    "StageName": "Stage",
    "NumberOfEmployees": "Employees",
    "Phone": "Business Phone",
    "CustomField__c": "Custom Field",
    "Custom__c": "My Custom Object",
}
_PREFIXES = {
    "Contact": "003",
    "Lead": "00Q",
    "Account": "001",
    "Opportunity": "006",
    "Case": "500",
    "Event": "00U",
    "OpportunityContactRole": "00K",
    "Custom__c": "aB5",
}
_PICKLISTS = {
    "Salutation": ["Mr.", "Ms.", "Mrs.", "Dr.", "Prof."],
    "Rating": ["Hot", "Warm", "Cold"],
    "StageName": ["Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost"],
    "Priority": ["High", "Medium", "Low"],
}


def describe(name: str, *more: dict[str, Any]) -> dict[str, Any]:
    """A describe document.

    Args:
        name: The object.
        more: Further fields of the org.
    """
    specs = [
        *_FIELDS[name].split(),
        *(
            f"{kind}{part}"
            for kind in _ADDRESSES.get(name, ())
            for part in f"{_ADDRESS} {_PLACE}".split()
        ),
    ]
    return {
        "name": name,
        "label": _LABELS.get(name, name),
        "keyPrefix": _PREFIXES[name],
        "createable": True,
        "updateable": True,
        "fields": [
            field("Id:id", createable=False, updateable=False, idLookup=True),
            field("CreatedDate:datetime", createable=False, updateable=False),
            *map(field, specs),
            *more,
        ],
    }


def field(spec: str, **more: Any) -> dict[str, Any]:
    """A field of a describe document, from `Name:type=Target`; `-` in front makes it read-only."""
    name, _, rest = spec.removeprefix("-").partition(":")
    kind, _, target = rest.partition("=")
    return {
        "name": name,
        "label": _LABELS.get(name, name),
        "type": kind,
        "createable": not spec.startswith("-"),
        "updateable": not spec.startswith("-"),
        "idLookup": name in {"Email", "CustomField__c"},
        "referenceTo": [target] if target else [],
        "picklistValues": [{"value": each, "active": True} for each in _PICKLISTS.get(name, ())],
    } | more


def describes() -> dict[str, dict[str, Any]]:
    """The documents of all of them, by object."""
    return {name: describe(name) for name in _FIELDS}
