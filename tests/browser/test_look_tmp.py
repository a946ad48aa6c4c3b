AGENT = '''
from kaizen_widgets import AgentForm, Studio
import ipywidgets as ipw
studio = Studio(data=":memory:")
form = AgentForm(agents=studio.agents)
box = ipw.Box([form], layout=ipw.Layout(width="100%"))
box
'''
STUDIO = '''
studio2 = Studio(data=":memory:")
studio2
'''
def test_look(lab):
    P="/tmp/formpanel/"
    lab.viewport(1280, 1150)
    lab.open([AGENT, STUDIO])
    lab.run_cell(0)
    lab.page.locator(".kaizen-form").wait_for()
    lab.page.get_by_role("button", name="Create Agent").click()
    lab.page.locator(".kf-summary li").first.wait_for()
    lab.page.wait_for_timeout(400)
    lab.page.screenshot(path=P+"agent_light.png")
    lab.run_python("form.form.change('name','Ada'); form.form.rows('tools').append(['search','calc']); form.form.change('provider','openai'); box.layout.width='700px'")
    lab.page.wait_for_timeout(600)
    lab.theme("dark")
    lab.page.screenshot(path=P+"agent_dark700.png")
    lab.run_python("box.layout.width='320px'")
    lab.page.wait_for_timeout(400)
    lab.page.screenshot(path=P+"agent_dark320.png")
    lab.theme("light")
    lab.run_cell(1)
    node = lab.page.locator(".react-flow__node").first
    node.wait_for()
    lab.page.wait_for_timeout(500)
    lab.page.locator(".react-flow__node-supervisor, .react-flow__node-router, .react-flow__node-agent").first.click()
    lab.page.wait_for_timeout(900)
    lab.page.screenshot(path=P+"studio_light.png")
    lab.viewport(860, 1150)
    lab.page.wait_for_timeout(900)
    lab.page.screenshot(path=P+"studio_narrow.png")
    print(lab.problems)
