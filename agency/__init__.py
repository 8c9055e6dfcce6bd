"""经办机构: whose desk this is: people and posts, regions and days, programmes, the trail, messages, jobs."""
