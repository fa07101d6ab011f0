-- fct_daily_store_metrics from silver (design, section 5).

with order_lines as (
    select *, quantity * unit_price as amount,
           status <> 'cancelled' as is_sold,
           status = 'returned' as is_returned,
           status not in ('cancelled', 'returned') as is_kept,
           (select arg_max(p.unit_cost, p.updated_at) from silver_products as p
            where p.product_id = o.product_id and p.updated_at <= o.ordered_at) as cost_at_sale,
           (select arg_min(p.unit_cost, p.updated_at) from silver_products as p
            where p.product_id = o.product_id) as first_cost
    from silver_erp_orders as o
    where not is_deleted
),

sales as (
    select dt, store_id,
           count(distinct order_id) filter (is_sold) as orders,
           sum(quantity) filter (is_kept) as units,
           sum(amount) filter (is_sold) as gross_revenue,
           sum(discount_amount) filter (is_sold) as discounts,
           sum(amount - discount_amount) filter (is_returned) as returns,
           sum(quantity * coalesce(cost_at_sale, first_cost, 0)) filter (is_kept) as cost_of_goods,
           count(*) filter (is_kept and first_cost is null) as lines_without_cost,
           count(distinct customer_id) filter (is_sold) as customers
    from order_lines
    group by dt, store_id
),

interest as (
    select dt, store_id, count(*) as leads_created, count(*) filter (status = 'converted') as leads_converted
    from silver_crm_leads
    where not is_deleted
    group by dt, store_id
),

visits as (
    select dt, store_id,
           count(distinct session_id) as sessions,
           count(distinct session_id) filter (event_type = 'purchase') as buying_sessions,
           count(*) filter (event_type = 'page_view') as page_views,
           count(*) filter (event_type = 'add_to_cart') as add_to_carts,
           count(*) filter (event_type = 'checkout') as checkouts,
           count(*) filter (event_type = 'purchase') as purchases
    from silver_web_events
    group by dt, store_id
),

together as (
    select dt, store_id, * exclude (dt, store_id)
    from sales full join interest using (dt, store_id) full join visits using (dt, store_id)
),

filled as (
    select * replace (
               coalesce(orders, 0) as orders,
               coalesce(gross_revenue, 0) as gross_revenue,
               coalesce(discounts, 0) as discounts,
               coalesce(returns, 0) as returns,
               coalesce(cost_of_goods, 0) as cost_of_goods,
               coalesce(sessions, 0) as sessions,
               coalesce(buying_sessions, 0) as buying_sessions),
           coalesce(gross_revenue, 0) - coalesce(discounts, 0) - coalesce(returns, 0) as net_revenue
    from together
)

select dt, store_id,
       cast(orders as bigint) as orders,
       cast(coalesce(units, 0) as bigint) as units,
       cast(gross_revenue as decimal(18, 2)) as gross_revenue,
       cast(discounts as decimal(18, 2)) as discounts,
       cast(returns as decimal(18, 2)) as returns,
       cast(net_revenue as decimal(18, 2)) as net_revenue,
       cast(cost_of_goods as decimal(18, 2)) as cost_of_goods,
       cast(coalesce(lines_without_cost, 0) as bigint) as lines_without_cost,
       cast(net_revenue - cost_of_goods as decimal(18, 2)) as gross_margin,
       cast(coalesce(customers, 0) as bigint) as customers,
       ratio(cast(net_revenue * 100 as hugeint), orders * 100) as average_order_value,
       cast(coalesce(leads_created, 0) as bigint) as leads_created,
       cast(coalesce(leads_converted, 0) as bigint) as leads_converted,
       cast(sessions as bigint) as sessions,
       cast(coalesce(page_views, 0) as bigint) as page_views,
       cast(coalesce(add_to_carts, 0) as bigint) as add_to_carts,
       cast(coalesce(checkouts, 0) as bigint) as checkouts,
       cast(coalesce(purchases, 0) as bigint) as purchases,
       ratio(buying_sessions, sessions) as conversion_rate
from filled
order by dt, store_id
