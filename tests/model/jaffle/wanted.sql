-- Every mart of the jaffle shop whole, by DuckDB, from the rows that silver has.
create table wanted_order_items as
select
    i.id as order_item_id, i.order_id, i.sku as product_id, o.ordered_at::date as ordered_at, p.name as product_name,
    p.price / 100 as product_price, p.type = 'jaffle' as is_food_item, p.type = 'beverage' as is_drink_item,
    (select sum(s.cost) / 100 from silver_jaffle_supplies s where s.sku = i.sku and not s.is_deleted) as supply_cost
from silver_jaffle_items i
left join silver_jaffle_orders o on o.id = i.order_id and not o.is_deleted
left join silver_jaffle_products p on p.sku = i.sku and not p.is_deleted
where not i.is_deleted;

create table wanted_orders as
select
    o.id as order_id, o.customer as customer_id, o.store_id as location_id, o.ordered_at::date as ordered_at,
    o.subtotal / 100 as subtotal, o.tax_paid / 100 as tax_paid, o.order_total / 100 as order_total,
    sum(i.supply_cost) as order_cost, sum(i.product_price) as order_items_subtotal,
    nullif(count(i.order_item_id), 0) as count_order_items,
    case when count(i.order_item_id) > 0 then count(*) filter (where i.is_food_item) end as count_food_items,
    case when count(i.order_item_id) > 0 then count(*) filter (where i.is_drink_item) end as count_drink_items,
    count_food_items > 0 as is_food_order, count_drink_items > 0 as is_drink_order,
    (
        select count(*) from silver_jaffle_orders e
        where e.customer = o.customer and not e.is_deleted
            and (e.ordered_at::date, e.id) <= (o.ordered_at::date, o.id)
    ) as customer_order_number
from silver_jaffle_orders o
left join wanted_order_items i on i.order_id = o.id
where not o.is_deleted
group by all;

create table wanted_customers as
select
    c.id as customer_id, c.name as customer_name, count(o.id) as count_lifetime_orders,
    min(o.ordered_at)::date as first_ordered_at, max(o.ordered_at)::date as last_ordered_at,
    sum(o.subtotal) / 100 as lifetime_spend_pretax, sum(o.tax_paid) / 100 as lifetime_tax_paid,
    sum(o.order_total) / 100 as lifetime_spend, if(count(o.id) > 1, 'returning', 'new') as customer_type
from silver_jaffle_customers c
left join silver_jaffle_orders o on o.customer = c.id and not o.is_deleted
where not c.is_deleted
group by all;

create table wanted_products as
select
    sku as product_id, name as product_name, type as product_type, description as product_description,
    price / 100 as product_price, type = 'jaffle' as is_food_item, type = 'beverage' as is_drink_item
from silver_jaffle_products where not is_deleted;

create table wanted_supplies as
select
    md5(id || '-' || sku) as supply_uuid, id as supply_id, sku as product_id, name as supply_name,
    cost / 100 as supply_cost, perishable as is_perishable_supply
from silver_jaffle_supplies where not is_deleted;

create table wanted_locations as
select id as location_id, name as location_name, tax_rate, opened_at::date as opened_date
from silver_jaffle_stores where not is_deleted;
