"""A small trace of the simulator OASIS: its tables `post` and `user`, exported to CSV, become a crowd; who moved it?"""
import pathlib
import tempfile

import throng

POSTS = """post_id,user_id,original_post_id,content,quote_content,created_at,num_likes,num_dislikes
1,0,,I love this policy,,2026-03-01 10:00:00,3,0
2,1,,this policy is a disaster,,2026-03-01 11:00:00,1,0
3,2,,maybe,,2026-03-01 12:00:00,0,0
4,0,,love love love,,2026-03-02 10:00:00,5,0
5,1,,a disaster and a scandal,,2026-03-02 11:00:00,9,1
6,2,,what a scandal,,2026-03-02 12:00:00,2,0
"""
USERS = """user_id,user_name,name,bio,created_at,num_followings,num_followers
0,ann,Ann,,2026-03-01 00:00:00,1,40
1,ben,Ben,,2026-03-01 00:00:00,1,900
2,cy,Cy,,2026-03-01 00:00:00,2,5
"""
TERMS = 'term,weight\nlove,1\ndisaster,-1\nscandal,-1\n'

with tempfile.TemporaryDirectory() as folder:
    here = pathlib.Path(folder)
    for name, text in (('post', POSTS), ('user', USERS), ('terms', TERMS)):
        (here / f'{name}.csv').write_text(text)
    counts = throng.ingest('oasis', [here / 'post.csv', here / 'user.csv'], here / 'crowd.duckdb',
                           stance=f'terms:{here / "terms.csv"}', keep_ids=True)
    print(f'{counts.lines} lines: {counts.actions} actions of {counts.agents} agents, weight is {counts.weight}')
    assert counts.lines == counts.blank + counts.ignored + counts.rejected + counts.rows
    result = throng.attribute(f'{here / "crowd.duckdb"}#states', state='state', weight='weight', id='agent', time='day',
                              indicator='weighted-variance', missing='drop')  # "maybe" says nothing
print(result)
for agent in result.top(3):
    print(f'  {agent.id}: {agent.phi:+.4f} of the change')
