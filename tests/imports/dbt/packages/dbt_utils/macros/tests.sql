{# What the documentation of dbt_utils says of its tests, for PostgreSQL. A test returns the rows that break it. #}

{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
{%- set equal = '=' if inclusive else '' %}
select * from {{ model }} where false
{% if min_value is not none %} or not ({{ column_name }} >{{ equal }} {{ min_value }}) {% endif %}
{% if max_value is not none %} or not ({{ column_name }} <{{ equal }} {{ max_value }}) {% endif %}
{% endtest %}

{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
{%- set columns = combination_of_columns | join(', ') %}
select {{ columns }}, count(*) from {{ model }} group by {{ columns }} having count(*) > 1
{% endtest %}

{% test expression_is_true(model, expression, column_name=none) %}
select * from {{ model }} where not ({{ column_name or '' }} {{ expression }})
{% endtest %}

{% test not_accepted_values(model, column_name, values, quote=true) %}
{%- set mark = "'" if quote else '' %}
select distinct {{ column_name }} from {{ model }}
where {{ column_name }} in ({% for value in values %}{{ mark }}{{ value }}{{ mark }}{{ ', ' if not loop.last }}{% endfor %})
{% endtest %}

{% test not_empty_string(model, column_name, trim_whitespace=true) %}
select * from {{ model }} where {{ 'trim(' ~ column_name ~ ')' if trim_whitespace else column_name }} = ''
{% endtest %}

{% test not_null_proportion(model, column_name, at_least, at_most=1) %}
select share from (select avg(case when {{ column_name }} is null then 0.0 else 1.0 end) as share from {{ model }}) as m
where share < {{ at_least }} or share > {{ at_most }}
{% endtest %}
