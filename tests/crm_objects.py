"""Describe documents of standard objects, with the fields that people load."""

from __future__ import annotations

from typing import Any

_ADDRESS = "Street:textarea City:string State:string PostalCode:string Country:string"
_FIELDS = {
    "Contact": "FirstName:string LastName:string Salutation:picklist Email:email Phone:phone"
    " MobilePhone:phone HomePhone:phone OtherPhone:phone Fax:phone AssistantName:string"
    " AssistantPhone:phone Title:string Department:string Birthdate:date LeadSource:picklist"
    " Description:textarea AccountId:reference=Account ReportsToId:reference=Contact"
    " OwnerId:reference=User",
    "Lead": "FirstName:string LastName:string Salutation:picklist Email:email Phone:phone"
    " MobilePhone:phone Fax:phone Title:string Company:string Website:url Industry:picklist"
    " Rating:picklist AnnualRevenue:currency NumberOfEmployees:int LeadSource:picklist"
    " Status:picklist Description:textarea OwnerId:reference=User",
    "Account": "Name:string Type:picklist ParentId:reference=Account Phone:phone Fax:phone"
    " AccountNumber:string Website:url Sic:string Industry:picklist AnnualRevenue:currency"
    " NumberOfEmployees:int Ownership:picklist TickerSymbol:string Description:textarea"
    " Rating:picklist Site:string AccountSource:picklist DunsNumber:string Tradestyle:string"
    " NaicsCode:string YearStarted:string SicDesc:string OwnerId:reference=User",
    "Opportunity": "Name:string AccountId:reference=Account StageName:picklist Amount:currency"
    " Probability:percent TotalOpportunityQuantity:double CloseDate:date Type:picklist"
    " NextStep:string LeadSource:picklist ForecastCategoryName:picklist IsPrivate:boolean"
    " Description:textarea CampaignId:reference=Campaign ContactId:reference=Contact"
    " OwnerId:reference=User",
    "Case": "Subject:string Description:textarea Status:picklist Priority:picklist"
    " Origin:picklist Reason:picklist Type:picklist SuppliedName:string SuppliedEmail:email"
    " SuppliedPhone:string SuppliedCompany:string IsEscalated:boolean Comments:textarea"
    " ContactId:reference=Contact AccountId:reference=Account OwnerId:reference=User",
    "Event": "Subject:combobox Location:string IsAllDayEvent:boolean StartDateTime:datetime"
    " EndDateTime:datetime ActivityDateTime:datetime DurationInMinutes:int Description:textarea"
    " IsPrivate:boolean ShowAs:picklist OwnerId:reference=User",
    "OpportunityContactRole": "OpportunityId:reference=Opportunity ContactId:reference=Contact"
    " Role:picklist IsPrimary:boolean",
}
_ADDRESSES = {"Contact": ["Mailing", "Other"], "Lead": [""], "Account": ["Billing", "Shipping"]}
_PREFIXES = {
    "Contact": "003",
    "Lead": "00Q",
    "Account": "001",
    "Opportunity": "006",
    "Case": "500",
    "Event": "00U",
    "OpportunityContactRole": "00K",
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
        *(f"{kind}{part}" for kind in _ADDRESSES.get(name, ()) for part in _ADDRESS.split()),
    ]
    return {
        "name": name,
        "label": name,
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
    """A field of a describe document, from `Name:type=Target`."""
    name, _, rest = spec.partition(":")
    kind, _, target = rest.partition("=")
    return {
        "name": name,
        "label": name,
        "type": kind,
        "createable": True,
        "updateable": True,
        "idLookup": kind == "email",
        "referenceTo": [target] if target else [],
        "picklistValues": [{"value": each, "active": True} for each in _PICKLISTS.get(name, ())],
    } | more


def describes() -> dict[str, dict[str, Any]]:
    """The documents of all of them, by object."""
    return {name: describe(name) for name in _FIELDS}
