{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['supply_uuid'],
        file_format='delta',
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'supply_uuid',
            'lakehouse.clusterBy': 'supply_uuid',
        },
    )
}}

select
    supply_uuid, supply_id, product_id, supply_name, supply_cost, is_perishable_supply
from {{ ref('stg_supplies') }}
{%- if is_incremental() %}
where {{ in_changed() }}
{%- endif %}
{{ clustered() }}
