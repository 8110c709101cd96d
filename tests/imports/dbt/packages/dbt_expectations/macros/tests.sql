{# What dbt_expectations does on PostgreSQL, NULL included: a set and a pattern are broken by NULL, a range is not. #}

{% macro outside(measured, min_value, max_value, strictly) %}
{%- set equal = '' if strictly else '=' -%}
not (true
{%- if min_value is not none %} and {{ measured }} >{{ equal }} {{ min_value }}{% endif %}
{%- if max_value is not none %} and {{ measured }} <{{ equal }} {{ max_value }}{% endif %})
{% endmacro %}

{% macro listed(values, quoted) %}
{%- set mark = "'" if quoted else '' -%}
({% for value in values %}{{ mark }}{{ value }}{{ mark ~ '::text' if quoted }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% test expect_column_values_to_be_unique(model, column_name) %}
select {{ column_name }} from {{ model }} where {{ column_name }} is not null group by 1 having count(*) > 1
{% endtest %}

{% test expect_column_values_to_not_be_null(model, column_name) %}
select * from {{ model }} where {{ column_name }} is null
{% endtest %}

{% test expect_column_values_to_be_in_set(model, column_name, value_set, quote_values=true) %}
select * from {{ model }} where ({{ column_name }} in {{ dbt_expectations.listed(value_set, quote_values) }}) is not true
{% endtest %}

{% test expect_column_values_to_not_be_in_set(model, column_name, value_set, quote_values=true) %}
select * from {{ model }} where {{ column_name }} in {{ dbt_expectations.listed(value_set, quote_values) }}
{% endtest %}

{% test expect_column_values_to_be_between(model, column_name, min_value=none, max_value=none, strictly=false) %}
select * from {{ model }} where {{ dbt_expectations.outside(column_name, min_value, max_value, strictly) }}
{% endtest %}

{% test expect_column_value_lengths_to_be_between(model, column_name, min_value=none, max_value=none, strictly=false) %}
select * from {{ model }}
where {{ dbt_expectations.outside('length(' ~ column_name ~ ')', min_value, max_value, strictly) }}
{% endtest %}

{% test expect_column_values_to_match_regex(model, column_name, regex) %}
select * from {{ model }} where ({{ column_name }} ~ '{{ regex }}') is not true
{% endtest %}

{% test expect_compound_columns_to_be_unique(model, column_list, ignore_row_if='all_values_are_missing') %}
{%- set glue = ' and ' if ignore_row_if == 'all_values_are_missing' else ' or ' %}
select {{ column_list | join(', ') }} from {{ model }}
where not ({% for name in column_list %}{{ name }} is null{{ glue if not loop.last }}{% endfor %})
group by {{ column_list | join(', ') }} having count(*) > 1
{% endtest %}

{% test expect_table_row_count_to_be_between(model, min_value=none, max_value=none, strictly=false) %}
select rows from (select count(*) as rows from {{ model }}) as m
where {{ dbt_expectations.outside('rows', min_value, max_value, strictly) }}
{% endtest %}

{% test expect_table_row_count_to_equal(model, value) %}
select rows from (select count(*) as rows from {{ model }}) as m where rows <> {{ value }}
{% endtest %}
