-- Every mart from silver alone, by DuckDB: one statement each, a view of the mart's name.
create temp view order_lines as select * from silver_erp_orders where not is_deleted;

create temp view costed_lines as
select o.*, o.quantity * o.unit_price - o.discount_amount as net_amount,
       coalesce(at_time.unit_cost, first.unit_cost) as unit_cost,
       coalesce(at_time.category, first.category, 'unknown') as category
from order_lines as o
left join (
    select l.order_id, l.line_number, arg_max(p.unit_cost, p.updated_at) as unit_cost,
           arg_max(p.category, p.updated_at) as category
    from order_lines as l join silver_products as p on p.product_id = l.product_id and p.updated_at <= l.ordered_at
    group by all
) as at_time using (order_id, line_number)
left join (
    select product_id, arg_min(unit_cost, updated_at) as unit_cost, arg_min(category, updated_at) as category
    from silver_products group by product_id
) as first on first.product_id = o.product_id;

create temp view fct_daily_product_metrics as
select dt, product_id,
       count(distinct order_id) filter (status <> 'cancelled') as orders,
       coalesce(sum(quantity) filter (status not in ('cancelled', 'returned')), 0) as units,
       coalesce(sum(quantity) filter (status = 'returned'), 0) as units_returned,
       coalesce(sum(net_amount) filter (status not in ('cancelled', 'returned')), 0) as net_revenue,
       coalesce(sum(quantity * unit_cost) filter (status not in ('cancelled', 'returned')), 0) as cost_of_goods,
       count(*) filter (status not in ('cancelled', 'returned') and unit_cost is null) as lines_without_cost,
       net_revenue - cost_of_goods as gross_margin,
       strftime(dt, '%Y-%m') as month
from costed_lines where product_id is not null group by dt, product_id;

create temp view fct_customer_value as
select customer_id,
       min(ordered_at) filter (status <> 'cancelled') as first_ordered_at,
       max(ordered_at) filter (status <> 'cancelled') as last_ordered_at,
       count(distinct order_id) filter (status <> 'cancelled') as orders,
       count(distinct order_id) filter (status = 'returned') as orders_with_returns,
       coalesce(sum(net_amount) filter (status not in ('cancelled', 'returned')), 0) as net_revenue,
       coalesce(sum(net_amount) filter (status = 'returned'), 0) as returns
from costed_lines where customer_id is not null group by customer_id;

create temp view fct_weekly_category_metrics as
select date_trunc('week', dt)::date as week, category,
       count(distinct order_id) filter (status <> 'cancelled') as orders,
       coalesce(sum(quantity) filter (status not in ('cancelled', 'returned')), 0) as units,
       coalesce(sum(net_amount) filter (status not in ('cancelled', 'returned')), 0) as net_revenue,
       coalesce(sum(quantity * unit_cost) filter (status not in ('cancelled', 'returned')), 0) as cost_of_goods,
       net_revenue - cost_of_goods as gross_margin
from costed_lines group by week, category;

create temp view syn_window as
select d.dt, d.store_id, count(distinct o.order_id) as orders, sum(o.quantity) as units
from (select distinct dt, store_id from order_lines) as d
join order_lines as o on o.store_id = d.store_id and o.dt between d.dt - 30 and d.dt
group by d.dt, d.store_id;

create temp view store_days as
select dt, store_id,
       count(distinct order_id) filter (status <> 'cancelled') as orders,
       coalesce(sum(net_amount) filter (status not in ('cancelled', 'returned')), 0)
       - coalesce(sum(quantity * unit_cost) filter (status not in ('cancelled', 'returned')), 0) as gross_margin
from costed_lines group by dt, store_id
union all by name
select distinct dt, store_id, 0 as orders, 0 as gross_margin
from (
    select dt, store_id from silver_crm_leads where not is_deleted
    union all
    select dt, store_id from silver_web_events
) where (dt, store_id) not in (select (dt, store_id) from order_lines);

create temp view syn_months as
select store_id, strftime(dt, '%Y-%m') as month, sum(orders) as orders, max(gross_margin) as best_margin
from store_days group by month, store_id;

create temp view syn_stores as
select store_id, count(*) as months, sum(orders) as orders, max(best_margin) as best_margin
from syn_months group by store_id;

create temp view syn_total as
select count(*) as stores, sum(orders) as orders from syn_stores;

create temp view syn_named_lines as
select coalesce(p.category || '/' || p.list_price, 'none') as product, o.status, count(*) as lines,
       sum(o.quantity) as units
from order_lines as o
left join silver_products as p
    on p.product_id = o.product_id and p.valid_from <= o.updated_at and o.updated_at < coalesce(p.valid_to, 'infinity')
group by all;
