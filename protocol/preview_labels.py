"""Labels of rows in forms that are known: the renderer sends "form.<key>", and the window has a text for each key in every language.

A row whose label does not begin with PREFIX shows the document's own word for the field.
"""

PREFIX = "form."

_KEYS = (
    # What it is. Headings.
    "act", "invoice", "waybill", "application", "tax_form",
    "seller", "customer", "consignor", "consignee", "sender", "recipient", "carrier", "driver_and_seal",
    "participant", "seller_agent", "customer_agent", "public_office", "bank_details",
    "contract", "delivery", "related_document", "products", "product", "works", "work", "oil_products", "shares",
    "import", "export", "shipping", "applicant", "signature", "sheet",
    # The document.
    "number", "date", "turnover_date", "performed_date", "shipping_date", "paper_date", "paper_reason",
    "registration_number", "document_type", "operator", "additional_info", "comment", "delivery_document_number",
    "delivery_document_date", "transfer_kind", "import_kind", "export_kind", "marking_number", "marking_date",
    "form_code", "form_version", "period_year", "period_half", "period_quarter", "period_month",
    # Somebody.
    "iin_bin", "iin", "bin", "branch_bin", "reorganized_bin", "name", "address", "country", "registration_country",
    "categories", "category", "share", "certificate_series", "certificate_number", "is_not_resident", "is_branch",
    "registration_kind", "email", "phone", "surname", "given_name", "patronymic", "full_name", "birth_date",
    "post", "organisation", "warehouse", "driver_name", "driver_iin", "seal_number",
    # A bank.
    "bank", "bik", "iik", "kbe", "payment_code",
    # A contract and how it is carried out.
    "has_contract", "contract_number", "contract_date", "payment_terms", "payment_form", "transport_kind", "warrant_number",
    "warrant_date", "destination", "delivery_terms", "transport_number", "trailer_number", "carriage_number",
    "board_number", "ship_number",
    # Goods, works, and what they come to.
    "position", "product_name", "quantity", "unit", "unit_code", "price", "sum_without_tax", "sum_with_tax",
    "vat_rate", "vat_amount", "excise_rate", "excise_amount", "turnover", "origin", "tnved_code", "tnved_name",
    "catalog_id", "gtin", "declaration_number", "declaration_position", "pin_code", "currency", "currency_rate", "vat_kind",
    "total_without_tax", "total_with_tax", "total_vat", "total_excise", "total_turnover",
    # An application.
    "subject", "service", "purpose", "reason", "text", "status", "created", "kind", "document", "file",
    # A timestamp.
    "timestamp", "moment", "digest_algorithm", "digest", "policy", "token_number",
)  # fmt: skip

FORM_LABELS: frozenset[str] = frozenset(f"{PREFIX}{key}" for key in _KEYS)
"""Every label of a known form that a renderer may send."""
