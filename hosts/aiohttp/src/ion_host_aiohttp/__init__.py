"""The aiohttp host of ION: ``ion serve``, HTTP API v1 and v2, probes.

A host implements no hooks; it is driven by its command. A plugin that adds an endpoint takes the
classes of `ion_host_aiohttp.api.endpoint` and returns them from ``ion_provide_routes``.
"""
