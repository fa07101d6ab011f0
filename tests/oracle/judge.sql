-- Each delivered row with its values and whether it keeps every rule (design, section 5).
-- Rows that could not be read have only nulls and so keep none.

create view judged_erp_orders as
with typed as (
    select delivery, order_id, as_int(line_number) as line_number, store_id, customer_id, product_id,
           as_int(quantity) as quantity, as_money(unit_price) as unit_price,
           as_money(discount_amount) as discount_amount, status, as_instant(ordered_at) as ordered_at,
           as_instant(updated_at) as updated_at, as_flag(is_deleted) as is_deleted
    from raw_erp_orders
)
select *, coalesce(
    order_id is not null and line_number is not null and product_id is not null and is_deleted is not null
    and is_store(store_id)
    and quantity >= 1
    and unit_price >= 0
    and discount_amount >= 0
    and discount_amount <= quantity * unit_price
    and status in ('placed', 'paid', 'shipped', 'returned', 'cancelled')
    and ordered_at <= updated_at, false) as is_good
from typed;

create view judged_crm_leads as
with typed as (
    select delivery, lead_id, store_id, full_name, email, phone, source, status,
           as_instant(created_at) as created_at, as_instant(updated_at) as updated_at,
           as_flag(is_deleted) as is_deleted
    from raw_crm_leads
)
select *, coalesce(
    lead_id is not null and full_name is not null and is_deleted is not null
    and is_store(store_id)
    and regexp_full_match(email, '[^@\s]+@[^@\s]+\.[^@\s.]+')
    and status in ('new', 'contacted', 'qualified', 'converted', 'lost')
    and source in ('web', 'store', 'phone', 'partner', 'campaign')
    and created_at <= updated_at, false) as is_good
from typed;

create view judged_web_events as
with typed as (
    select delivery, member(line, '$.event_id') as event_id, member(line, '$.session_id') as session_id,
           member(line, '$.store_id') as store_id, member(line, '$.customer_id') as customer_id,
           member(line, '$.event_type') as event_type, member(line, '$.product_id') as product_id,
           member(line, '$.url') as url, as_instant(member(line, '$.occurred_at')) as occurred_at,
           as_instant(member(line, '$.received_at')) as received_at,
           {'type': member(line, '$.device.type'), 'os': member(line, '$.device.os')} as device,
           string_or_empty(line, '$.customer_id') and string_or_empty(line, '$.product_id') as optional_fit
    from raw_web_events
)
select * exclude (optional_fit), coalesce(
    event_id is not null and session_id is not null
    and device.type is not null and device.os is not null and optional_fit
    and is_store(store_id)
    and event_type in ('page_view', 'add_to_cart', 'checkout', 'purchase')
    and starts_with(url, 'https://')
    and occurred_at <= received_at, false) as is_good
from typed;

create view judged_products as
with typed as (
    select delivery, product_id, name, category, as_money(list_price) as list_price,
           as_money(unit_cost) as unit_cost, as_flag(is_active) as is_active, as_instant(updated_at) as updated_at
    from raw_products
)
select *, coalesce(
    product_id is not null and name is not null and category is not null and is_active is not null
    and list_price >= 0
    and unit_cost >= 0
    and updated_at is not null, false) as is_good
from typed;
