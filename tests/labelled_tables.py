"""Invented tables in the styles of CRM exports, with the field that each column should get.

A line is `column | JSON type or format | field, or - for none | values`. After the field, further
ones that would do as well follow a `?`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_TABLES = """
# hubspot-contacts | Contact | property_email, vid
vid | integer | - | 201, 305
property_firstname | string | FirstName | Ines, Pavel
property_lastname | string | LastName | Quast, Morrow
property_email | string | Email | ines@quast.example, p.morrow@tarn.example
property_mobilephone | string | MobilePhone | +49 151 5550 123
property_phone | string | Phone | +49 30 5550 177
property_jobtitle | string | Title | Head of Purchasing, Buyer
property_company | string | - | Tarn Ltd, Quast KG
property_city | string | MailingCity ? OtherCity | Kassel, Leeds
property_zip | string | MailingPostalCode ? OtherPostalCode | 34117, LS1 4AP
property_lifecyclestage | string | - | customer, lead
property_hs_lead_status | string | - | OPEN, IN_PROGRESS
property_hs_email_domain | string | - | quast.example, tarn.example
property_hubspot_owner_id | integer | - | 4411, 4412
property_num_associated_deals | integer | - | 2, 0
property_createdate | date-time | - | 2024-02-01T08:00:00Z
property_lastmodifieddate | date-time | - | 2024-03-01T08:00:00Z
property_hs_email_optout | boolean | - | true, false
_sdc_batched_at | date-time | - | 2024-03-02T08:00:00Z

# dynamics_accounts | Account | accountnumber, accountid
accountid | string | - | 4b1ad6f0-1111-4222-8333-94d1a5b6c7d8
name | string | Name | Tarn Ltd, Quast KG
accountnumber | string | AccountNumber | T-1001, T-1002
telephone1 | string | Phone | +44 20 5550 0101
fax | string | Fax | +44 20 5550 0102
websiteurl | string | Website | https://tarn.example
address1_line1 | string | BillingStreet ? ShippingStreet | 4 Quay Lane
address1_city | string | BillingCity ? ShippingCity | Leeds
address1_stateorprovince | string | BillingState ? ShippingState | West Yorkshire
address1_postalcode | string | BillingPostalCode ? ShippingPostalCode | LS1 4AP
address1_country | string | BillingCountry ? ShippingCountry | United Kingdom
address2_city | string | ShippingCity | Hull
revenue | number | AnnualRevenue | 1200000.5, 88000
numberofemployees | integer | NumberOfEmployees | 120, 8
industrycode | integer | - | 7, 12
tickersymbol | string | TickerSymbol | TRN
creditlimit | number | - | 5000
statecode | integer | - | 0, 1
donotemail | boolean | - | false
ownerid | string | - | 77aad6f0-1111-4222-8333-94d1a5b6c7d8
createdon | date-time | - | 2023-01-01T00:00:00Z
exchangerate | number | - | 1.0
versionnumber | integer | - | 991

# SAP.KNA1 | Account | KUNNR
MANDT | string | - | 100
KUNNR | string | AccountNumber | 0000104711
NAME1 | string | Name | Quast KG
NAME2 | string | - | Abt. Einkauf
STRAS | string | BillingStreet ? ShippingStreet | Hafenweg 3
ORT01 | string | BillingCity ? ShippingCity | Kassel
PSTLZ | string | BillingPostalCode ? ShippingPostalCode | 34117
LAND1 | string | BillingCountry ? ShippingCountry | DE
TELF1 | string | Phone | 0561 555 0100
TELFX | string | Fax | 0561 555 0199
KTOKD | string | - | KUNA
ERDAT | date | - | 2019-04-01
SPRAS | string | - | D
LOEVM | string | - | X

# odoo.crm_lead | Lead | email_from, id
id | integer | - | 8, 9
contact_name | string | - | Ines Quast
partner_name | string | Company | Quast KG, Tarn Ltd
email_from | string | Email | ines@quast.example
phone | string | Phone | +49 561 555 0100
mobile | string | MobilePhone | +49 151 555 0123
function | string | Title | Head of Purchasing
street | string | Street | Hafenweg 3
street2 | string | - ? Street | Hinterhaus
city | string | City | Kassel
zip | string | PostalCode | 34117
website | string | Website | https://quast.example
description | string | Description | Wants a demo in May
color | integer | - | 0, 4
stage_id | integer | - | 1, 2
team_id | integer | - | 1
create_date | date-time | - | 2024-01-01T00:00:00Z
write_date | date-time | - | 2024-01-02T00:00:00Z
day_open | number | - | 1.5
message_bounce | integer | - | 0

# eloqua_contacts | Contact | C_EmailAddress
C_EmailAddress | string | Email | ines@quast.example
C_FirstName | string | FirstName | Ines
C_LastName | string | LastName | Quast
C_Salutation | string | Salutation | Ms., Dr.
C_Title | string | Title | Buyer
C_Company | string | - | Quast KG
C_Address1 | string | MailingStreet ? OtherStreet | Hafenweg 3
C_Address2 | string | - ? MailingStreet OtherStreet | Hinterhaus
C_City | string | MailingCity ? OtherCity | Kassel
C_State_Prov | string | MailingState ? OtherState | Hessen
C_Zip_Postal | string | MailingPostalCode ? OtherPostalCode | 34117
C_Country | string | MailingCountry ? OtherCountry | Germany
C_BusPhone | string | Phone | +49 561 555 0100
C_MobilePhone | string | MobilePhone | +49 151 555 0123
C_Fax | string | Fax | +49 561 555 0199
C_Lead_Score1 | integer | - | 40, 70
C_DateCreated | date-time | - | 2024-01-01T00:00:00Z
C_EmailDisplayName | string | - | Ines Quast
C_MD5HashedEmailAddress | string | - | 9e107d9d372bb6826bd81d3542a419d6
EloquaContactID | string | - | CQST000000001

# zoho_deals | Opportunity | id, Deal_Name
id | string | - | 3652397000000624046
Deal_Name | string | Name | Tarn renewal
Amount | number | Amount | 4200, 900.5
Closing_Date | date | CloseDate | 2025-06-30
Stage | string | StageName | Prospecting, Closed Won
Probability | integer | Probability | 10, 90
Next_Step | string | NextStep | Send offer
Lead_Source | string | LeadSource | Trade Show
Type | string | Type | New Business
Account_Name | string | - | Tarn Ltd
Contact_Name | string | - | Pavel Morrow
Description | string | Description | Two year term
Campaign_Source | string | - | Spring mailing
Expected_Revenue | number | - | 420, 810
Currency | string | - | EUR
Created_Time | date-time | - | 2025-01-01T00:00:00Z
Modified_By | string | - | Sam
Overall_Sales_Duration | integer | - | 12
Lead_Conversion_Time | integer | - | 3

# servicenow_incident | Case | number, sys_id
sys_id | string | - | 46d44a5dc0a8010e0000c8a1b2c3d4e5
number | string | - | INC0010001
short_description | string | Subject | Printer on fire
description | string | Description | Smoke in the hall
priority | string | Priority | High, Low
state | string | Status | New, In Progress
contact_type | string | Origin | Phone, Email
work_notes | string | Comments | Called back
category | string | - ? Type | Hardware
caller_id | string | - | 5137153cc611227c000bbd1bd8cd2005
assignment_group | string | - | Service Desk
opened_at | date-time | - | 2025-01-01T00:00:00Z
closed_at | date-time | - | 2025-01-02T00:00:00Z
reassignment_count | integer | - | 2
made_sla | boolean | - | true
sys_updated_on | date-time | - | 2025-01-02T00:00:00Z
sys_mod_count | integer | - | 7
correlation_id | string | - | zx-1

# outlook_calendar_events | Event | id
id | string | - | AAMkAGI2
subject | string | Subject | Review
bodyPreview | string | Description | Numbers of the quarter
start__dateTime | date-time | StartDateTime ? ActivityDateTime | 2025-05-01T10:00:00Z
start__timeZone | string | - | UTC
end__dateTime | date-time | EndDateTime | 2025-05-01T11:00:00Z
location__displayName | string | Location | Room 3
isAllDay | boolean | IsAllDayEvent | false
isCancelled | boolean | - | false
webLink | string | - | https://calendar.example/1
organizer__emailAddress__address | string | - | sam@tarn.example
attendees | array | - |
createdDateTime | date-time | - | 2025-04-01T10:00:00Z
lastModifiedDateTime | date-time | - | 2025-04-02T10:00:00Z
importance | string | - | normal, high
changeKey | string | - | q9/1

# ansprechpartner | Contact | email, ansprechpartner_id
ansprechpartner_id | integer | - | 4, 5
anrede | string | Salutation | Frau, Herr
vorname | string | FirstName | Ines
nachname | string | LastName | Quast
email | string | Email | ines@quast.example
telefon | string | Phone | 0561 5550100
handy | string | MobilePhone | 0151 5550123
abteilung | string | Department | Einkauf
funktion | string | Title | Leiterin Einkauf
geburtsdatum | date | Birthdate | 1980-02-01
straße | string | MailingStreet ? OtherStreet | Hafenweg 3
plz | string | MailingPostalCode ? OtherPostalCode | 34117
ort | string | MailingCity ? OtherCity | Kassel
land | string | MailingCountry ? OtherCountry | Deutschland
bemerkung | string | Description | Ruft gern an
firma | string | - | Quast KG
kennwort | string | - | geheim
aktiv | boolean | - | true
angelegt_am | date-time | - | 2020-01-01T00:00:00Z
geändert_am | date-time | - | 2021-01-01T00:00:00Z

# clientes_empresas | Account | codigo_cliente
codigo_cliente | string | AccountNumber | C-77
razon_social | string | Name | Olmo Rojo SA
nombre_comercial | string | Tradestyle ? Name | Olmo
cif | string | - | B12345674
telefono | string | Phone | +34 910 555 012
pagina_web | string | Website | www.olmorojo.example
direccion | string | BillingStreet ? ShippingStreet | Calle Alta 3
ciudad | string | BillingCity ? ShippingCity | Soria
provincia | string | BillingState ? ShippingState | Soria
codigo_postal | string | BillingPostalCode ? ShippingPostalCode | 42001
pais | string | BillingCountry ? ShippingCountry | España
sector | string | Industry | Energía
num_empleados | integer | NumberOfEmployees | 40
facturacion_anual | number | AnnualRevenue | 2000000
observaciones | string | Description | Paga tarde
fecha_alta | date | - | 2020-01-01
activo | boolean | - | true
forma_pago | string | - | 60 días

# leads_site | Lead | email, id_lead
id_lead | integer | - | 1, 2
nome | string | FirstName | Inês
sobrenome | string | LastName | Queiroz
email | string | Email | ines@queiroz.example
celular | string | MobilePhone | +55 11 95550 0123
telefone | string | Phone | +55 11 5550 0100
empresa | string | Company | Queiroz Lda
cargo | string | Title | Gerente
cidade | string | City | Campinas
estado | string | State | SP
cep | string | PostalCode | 13010-000
pais | string | Country | Brasil
origem | string | LeadSource | Feira
mensagem | string | Description | Quero uma proposta
data_criacao | date-time | - | 2024-01-01T00:00:00Z
aceita_termos | boolean | - | true
ip | string | - | 203.0.113.9
utm_campaign | string | - | outono
utm_content | string | - | botao

# shop.customers | Contact | email, id
id | integer | - | 207119551
first_name | string | FirstName | Ines
last_name | string | LastName | Quast
email | string | Email | ines@quast.example
phone | string | Phone ? MobilePhone | +49 151 555 0123
note | string | Description | Left at the door
default_address__address1 | string | MailingStreet ? OtherStreet | Hafenweg 3
default_address__address2 | string | - ? MailingStreet OtherStreet | Hinterhaus
default_address__city | string | MailingCity ? OtherCity | Kassel
default_address__province | string | MailingState ? OtherState | Hessen
default_address__zip | string | MailingPostalCode ? OtherPostalCode | 34117
default_address__country | string | MailingCountry ? OtherCountry | Germany
default_address__country_code | string | - ? MailingCountry OtherCountry | DE
orders_count | integer | - | 3
total_spent | string | - | 199.65
currency | string | - | EUR
verified_email | boolean | - | true
accepts_marketing | boolean | - | false
tax_exempt | boolean | - | false
last_order_id | integer | - | 450789469
last_order_name | string | - | 1001
state | string | - | disabled, enabled
tags | string | - | vip, wholesale
multipass_identifier | string | - | m-1
_airbyte_extracted_at | date-time | - | 2024-01-01T00:00:00Z

# deal_participants | OpportunityContactRole | id
id | integer | - | 1
deal_sf_id | string | OpportunityId | 0065e0000AbCdE1AAF
person_sf_id | string | ContactId | 0035e0000AbCdE1AAF
role | string | Role | Decision Maker
is_primary | boolean | IsPrimary | true
added_at | date-time | - | 2024-01-01T00:00:00Z
active_flag | boolean | - | true
"""


@dataclass(frozen=True)
class LabelledColumn:
    """A column with the fields that are right, and those that would do."""

    name: str
    schema: dict[str, Any]
    right: frozenset[str]
    will_do: frozenset[str]
    samples: list[Any]


@dataclass(frozen=True)
class LabelledTable:
    """A table with its object and the columns that may be its key."""

    name: str
    object: str
    keys: frozenset[str]
    columns: list[LabelledColumn]

    @property
    def message(self) -> dict[str, Any]:
        """Its SCHEMA message."""
        properties = {each.name: each.schema for each in self.columns}
        return {"stream": self.name, "schema": {"type": "object", "properties": properties}}

    @property
    def samples(self) -> dict[str, list[Any]]:
        """Its values by column."""
        return {each.name: each.samples for each in self.columns}


def labelled_tables() -> list[LabelledTable]:
    """All of them."""
    return [_table(each) for each in _TABLES.split("\n# ")[1:]]


def _table(text: str) -> LabelledTable:
    head, *lines = text.strip().splitlines()
    name, sobject, keys = (each.strip() for each in head.removeprefix("# ").split("|"))
    return LabelledTable(name, sobject, frozenset(keys.split(", ")), [*map(_column, lines)])


def _column(line: str) -> LabelledColumn:
    name, kind, label, values = (each.strip() for each in line.split("|"))
    right, _, will_do = label.partition("?")
    return LabelledColumn(
        name,
        _schema(kind),
        frozenset(right.split()) - {"-"},
        frozenset(will_do.split()),
        [_value(kind, each) for each in values.split(", ") if each],
    )


def _schema(kind: str) -> dict[str, Any]:
    if kind in {"date", "date-time"}:
        return {"type": ["null", "string"], "format": kind}
    return {"type": ["null", kind]}


def _value(kind: str, text: str) -> Any:
    casts = {"integer": int, "number": float, "boolean": lambda each: each == "true"}
    return casts.get(kind, str)(text)
