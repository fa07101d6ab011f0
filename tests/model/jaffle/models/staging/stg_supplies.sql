select
    md5(concat(id, '-', sku)) as supply_uuid,
    id as supply_id,
    sku as product_id,
    name as supply_name,
    cast(cost / 100 as decimal(16, 2)) as supply_cost,
    perishable as is_perishable_supply
from {{ source('silver_jaffle', 'jaffle_supplies') }}
where not is_deleted
