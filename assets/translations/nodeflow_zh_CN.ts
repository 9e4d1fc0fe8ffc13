<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
 <context>
  <name>AnnotationCommands</name>
  <message>
   <source>Add Frame</source>
   <translation>添加分组框</translation>
  </message>
  <message>
   <source>Add Note</source>
   <translation>添加便签</translation>
  </message>
  <message>
   <source>Rename Frame</source>
   <translation>重命名分组框</translation>
  </message>
  <message>
   <source>Write Note</source>
   <translation>书写便签</translation>
  </message>
 </context>
 <context>
  <name>BatchView</name>
  <message>
   <source>Images of the node</source>
   <translation>该节点的图像</translation>
  </message>
  <message>
   <source>The image appears here once the workflow has run.</source>
   <translation>工作流运行后，图片会显示在这里。</translation>
  </message>
  <message>
   <source>This image cannot be read.</source>
   <translation>无法读取此图片。</translation>
  </message>
 </context>
 <context>
  <name>Breadcrumbs</name>
  <message>
   <source>Go to {0}</source>
   <translation>转到 {0}</translation>
  </message>
  <message>
   <source>Where in the workflow this is</source>
   <translation>当前在工作流中的位置</translation>
  </message>
 </context>
 <context>
  <name>CanvasView</name>
  <message>
   <source>Canvas</source>
   <translation>画布</translation>
  </message>
 </context>
 <context>
  <name>ChartView</name>
  <message>
   <source>Chart</source>
   <translation>图表</translation>
  </message>
 </context>
 <context>
  <name>CheatSheet</name>
  <message>
   <source>Change keys…</source>
   <translation>修改快捷键…</translation>
  </message>
  <message>
   <source>Keys and pointer</source>
   <translation>快捷键与鼠标操作</translation>
  </message>
 </context>
 <context>
  <name>CompareBar</name>
  <message>
   <source>Compared with</source>
   <translation>比较对象</translation>
  </message>
  <message>
   <source>Step</source>
   <translation>步</translation>
  </message>
  <message>
   <source>Step of the other</source>
   <translation>比较对象的步</translation>
  </message>
  <message>
   <source>Way to compare</source>
   <translation>比较方式</translation>
  </message>
  <message>
   <source>What differs</source>
   <translation>不同之处</translation>
  </message>
  <message>
   <source>With</source>
   <translation>与</translation>
  </message>
  <message>
   <source>and {0} more</source>
   <translation>以及另外 {0} 项</translation>
  </message>
  <message>
   <source>another step of this run</source>
   <translation>本次运行的另一步</translation>
  </message>
  <message>
   <source>largest difference: {0}</source>
   <translation>最大差异：{0}</translation>
  </message>
  <message>
   <source>run {0}, {1}</source>
   <translation>第 {0} 次运行，{1}</translation>
  </message>
  <message>
   <source>same step</source>
   <translation>同一步</translation>
  </message>
  <message>
   <source>the images are the same</source>
   <translation>图片相同</translation>
  </message>
  <message>
   <source>the parameters are the same as in the last run</source>
   <translation>参数与上次运行相同</translation>
  </message>
 </context>
 <context>
  <name>Comparison</name>
  <message>
   <source>only images, and curves over steps, are compared; this is the last run alone</source>
   <translation>只有图片和随步变化的曲线可以对比；这里只是最近一次运行</translation>
  </message>
  <message>
   <source>other</source>
   <translation>另一个</translation>
  </message>
 </context>
 <context>
  <name>Conversion</name>
  <message>
   <source>The process that converts came to an end before it was done.</source>
   <translation>转换进程在完成之前就结束了。</translation>
  </message>
  <message>
   <source>The process that converts cannot be started.</source>
   <translation>无法启动转换进程。</translation>
  </message>
 </context>
 <context>
  <name>ConvertDialog</name>
  <message>
   <source>Cancel</source>
   <translation>取消</translation>
  </message>
  <message>
   <source>Close</source>
   <translation>关闭</translation>
  </message>
  <message>
   <source>Convert</source>
   <translation>转换</translation>
  </message>
  <message>
   <source>Progress of the conversion</source>
   <translation>转换进度</translation>
  </message>
  <message>
   <source>{0} are written to {1}</source>
   <translation>将向 {1} 写入 {0}</translation>
  </message>
  <message>
   <source>{0} is of a kind that can hold programs, so it is never opened as it is.

Its weights can be written as safetensors beside it. They are read in a process of its own, without network, that makes nothing but tensors. The file itself stays as it is.</source>
   <translation>{0} 是可能含有程序的文件，因此绝不会直接打开。

可以把其中的权重另存为旁边的 safetensors 文件。读取在独立的、没有网络的进程中进行，只会产生张量。原文件保持不变。</translation>
  </message>
 </context>
 <context>
  <name>CoursePanel</name>
  <message>
   <source>Next page</source>
   <translation>下一页</translation>
  </message>
  <message>
   <source>Not yet: {0} of {1} conditions hold.</source>
   <translation>还没有：{1} 个条件中满足了 {0} 个。</translation>
  </message>
  <message>
   <source>Open its workflow</source>
   <translation>打开它的工作流</translation>
  </message>
  <message>
   <source>Page before</source>
   <translation>上一页</translation>
  </message>
  <message>
   <source>Pages of the course</source>
   <translation>课程的各页</translation>
  </message>
  <message>
   <source>Reached.</source>
   <translation>达到了。</translation>
  </message>
  <message>
   <source>Text of the page</source>
   <translation>本页文字</translation>
  </message>
  <message>
   <source>Try it</source>
   <translation>试一试</translation>
  </message>
  <message>
   <source>{0} of {1} done</source>
   <translation>已完成 {0}/{1}</translation>
  </message>
 </context>
 <context>
  <name>DocumentSession</name>
  <message>
   <source>Nothing runs: every node is bypassed or muted.</source>
   <translation>没有可运行的：所有节点都被绕过或静音了。</translation>
  </message>
  <message>
   <source>There is nothing to run yet. Press Tab on the canvas to add a node.</source>
   <translation>还没有可运行的内容。在画布上按 Tab 添加节点。</translation>
  </message>
  <message>
   <source>Untitled</source>
   <translation>未命名</translation>
  </message>
  <message>
   <source>{0} is open in another window too; the one saved last wins.</source>
   <translation>{0} 也在另一个窗口中打开；以最后保存的为准。</translation>
  </message>
 </context>
 <context>
  <name>Documents</name>
  <message>
   <source>Cannot write {0}: {1}</source>
   <translation>无法写入 {0}：{1}</translation>
  </message>
  <message>
   <source>Open</source>
   <translation>打开</translation>
  </message>
  <message>
   <source>Open from Clipboard</source>
   <translation>从剪贴板打开</translation>
  </message>
  <message>
   <source>Revert</source>
   <translation>还原</translation>
  </message>
  <message>
   <source>Save</source>
   <translation>保存</translation>
  </message>
  <message>
   <source>Save As</source>
   <translation>另存为</translation>
  </message>
  <message>
   <source>Save changes?</source>
   <translation>保存更改？</translation>
  </message>
  <message>
   <source>Take back all changes since {0} was saved?</source>
   <translation>放弃自上次保存 {0} 以来的所有更改？</translation>
  </message>
  <message>
   <source>The clipboard holds no workflow and no image with one.</source>
   <translation>剪贴板中没有工作流，也没有含工作流的图像。</translation>
  </message>
  <message>
   <source>Workflows (*.json)</source>
   <translation>工作流 (*.json)</translation>
  </message>
  <message>
   <source>Workflows, and images that hold one (*.json *.png *.webp *.jpg *.jpeg *.avif);;All files (*)</source>
   <translation>工作流及含有工作流的图像 (*.json *.png *.webp *.jpg *.jpeg *.avif);;所有文件 (*)</translation>
  </message>
  <message>
   <source>{0} cannot be opened.</source>
   <translation>无法打开 {0}。</translation>
  </message>
  <message>
   <source>{0} has changes that are not saved.</source>
   <translation>{0} 有未保存的更改。</translation>
  </message>
  <message>
   <source>{0} is open in another tab. Choose another name, or close that tab first.</source>
   <translation>{0} 已在另一个标签页中打开。请另取名称，或先关闭那个标签页。</translation>
  </message>
  <message>
   <source>{0} workflows have changes that are not saved:</source>
   <translation>{0} 个工作流有未保存的更改：</translation>
  </message>
 </context>
 <context>
  <name>DownloadDialog</name>
  <message>
   <source>Asking {0}…</source>
   <translation>正在询问 {0}…</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>取消</translation>
  </message>
  <message>
   <source>Choose a folder</source>
   <translation>选择文件夹</translation>
  </message>
  <message>
   <source>Choose…</source>
   <translation>选择…</translation>
  </message>
  <message>
   <source>Download</source>
   <translation>下载</translation>
  </message>
  <message>
   <source>Folder</source>
   <translation>文件夹</translation>
  </message>
  <message>
   <source>Licence: {0}</source>
   <translation>许可证：{0}</translation>
  </message>
  <message>
   <source>Look Up</source>
   <translation>查询</translation>
  </message>
  <message>
   <source>Source</source>
   <translation>来源</translation>
  </message>
  <message>
   <source>and {0} more files</source>
   <translation>以及另外 {0} 个文件</translation>
  </message>
  <message>
   <source>not said: look at its page</source>
   <translation>未说明：请查看其页面</translation>
  </message>
  <message>
   <source>owner/name of a repository, or the address of a file</source>
   <translation>仓库的 所有者/名称，或文件的网址</translation>
  </message>
  <message>
   <source>size not said</source>
   <translation>大小未说明</translation>
  </message>
  <message>
   <source>{0}, where only {1} are free: that is too little</source>
   <translation>{0}，剩余空间仅 {1}：不够</translation>
  </message>
  <message>
   <source>{0}, where {1} are free</source>
   <translation>{0}，剩余空间 {1}</translation>
  </message>
 </context>
 <context>
  <name>DownloadRow</name>
  <message>
   <source>Done: {0}</source>
   <translation>已完成：{0}</translation>
  </message>
  <message>
   <source>Pause</source>
   <translation>暂停</translation>
  </message>
  <message>
   <source>Paused · {0}</source>
   <translation>已暂停 · {0}</translation>
  </message>
  <message>
   <source>Progress of {0}</source>
   <translation>{0} 的进度</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>移除</translation>
  </message>
  <message>
   <source>Resume</source>
   <translation>继续</translation>
  </message>
  <message>
   <source>Waiting · {0}</source>
   <translation>等待中 · {0}</translation>
  </message>
  <message>
   <source>{0} of {1}</source>
   <translation>{0} / {1}</translation>
  </message>
  <message>
   <source>{0} · {1} left</source>
   <translation>{0} · 剩余 {1}</translation>
  </message>
 </context>
 <context>
  <name>Downloads</name>
  <message>
   <source>The choice cannot be kept: {0}</source>
   <translation>无法保存此选择：{0}</translation>
  </message>
  <message>
   <source>The downloads cannot be kept: {0}</source>
   <translation>无法保存下载列表：{0}</translation>
  </message>
  <message>
   <source>You are offline: switch that off below the window first.</source>
   <translation>当前处于离线状态：请先在窗口底部切换为在线。</translation>
  </message>
 </context>
 <context>
  <name>DownloadsList</name>
  <message>
   <source>Downloads</source>
   <translation>下载列表</translation>
  </message>
  <message>
   <source>Download…</source>
   <translation>下载…</translation>
  </message>
  <message>
   <source>Nothing is being fetched.</source>
   <translation>没有正在进行的下载。</translation>
  </message>
 </context>
 <context>
  <name>DragEdits</name>
  <message>
   <source>Connect</source>
   <translation>连接</translation>
  </message>
  <message>
   <source>Disconnect</source>
   <translation>断开</translation>
  </message>
  <message>
   <source>Insert</source>
   <translation>插入</translation>
  </message>
  <message>
   <source>Move</source>
   <translation>移动</translation>
  </message>
  <message>
   <source>Pull Out</source>
   <translation>从连线中取出</translation>
  </message>
  <message>
   <source>a new port needs a node at the other end of its wire</source>
   <translation>新端口的连线另一端需要有节点</translation>
  </message>
  <message>
   <source>a wire leads from an output to an input; these are two {0}</source>
   <translation>连线从输出连到输入；这里是两个{0}</translation>
  </message>
  <message>
   <source>inputs</source>
   <translation>输入</translation>
  </message>
  <message>
   <source>outputs</source>
   <translation>输出</translation>
  </message>
 </context>
 <context>
  <name>EnginePage</name>
  <message>
   <source>Clear</source>
   <translation>清空</translation>
  </message>
  <message>
   <source>Clear what is kept on disk</source>
   <translation>清空磁盘上保存的结果</translation>
  </message>
  <message>
   <source>Cluster</source>
   <translation>集群</translation>
  </message>
  <message>
   <source>Compute on</source>
   <translation>计算设备</translation>
  </message>
  <message>
   <source>Exact</source>
   <translation>精确</translation>
  </message>
  <message>
   <source>Fast</source>
   <translation>快速</translation>
  </message>
  <message>
   <source>Fast computes in bfloat16 on processors that have it: large networks in about half the time; images differ a little.</source>
   <translation>快速：在支持 bfloat16 的处理器上用它计算，大网络约需一半时间；图像略有差别。</translation>
  </message>
  <message>
   <source>From the next run.</source>
   <translation>下次运行时生效。</translation>
  </message>
  <message>
   <source>Graphics card</source>
   <translation>显卡</translation>
  </message>
  <message>
   <source>HOST:PORT of a Ray cluster that runs already, whose machines then compute. From the next start.</source>
   <translation>已在运行的 Ray 集群的“主机:端口”，由其各台机器计算。下次启动起生效。</translation>
  </message>
  <message>
   <source>Kept now</source>
   <translation>当前占用</translation>
  </message>
  <message>
   <source>Leave free</source>
   <translation>保留显存</translation>
  </message>
  <message>
   <source>Looking at the disk…</source>
   <translation>正在查看磁盘…</translation>
  </message>
  <message>
   <source>Precision</source>
   <translation>精度</translation>
  </message>
  <message>
   <source>Processor</source>
   <translation>处理器</translation>
  </message>
  <message>
   <source>Results are kept on disk so that nothing is computed twice. From the next start.</source>
   <translation>结果保存在磁盘上，避免重复计算。下次启动时生效。</translation>
  </message>
  <message>
   <source>Room for results</source>
   <translation>结果可用空间</translation>
  </message>
  <message>
   <source>Several run jobs side by side and share sweeps and lists, one a card. From the next start.</source>
   <translation>多个工作进程并行执行任务，共同处理扫描和列表，每张显卡一个。下次启动时生效。</translation>
  </message>
  <message>
   <source>So much of the graphics card's memory is left to other programs. From the next start.</source>
   <translation>为其他程序保留这么多显存。下次启动时生效。</translation>
  </message>
  <message>
   <source>This machine</source>
   <translation>本机</translation>
  </message>
  <message>
   <source>What is fastest</source>
   <translation>自动选择最快的</translation>
  </message>
  <message>
   <source>What suits the disk</source>
   <translation>由磁盘空间决定</translation>
  </message>
  <message>
   <source>Workers</source>
   <translation>工作进程</translation>
  </message>
 </context>
 <context>
  <name>EngineService</name>
  <message>
   <source>A worker stopped: {0}. The others go on.</source>
   <translation>一个工作进程已停止：{0}。其余的继续运行。</translation>
  </message>
  <message>
   <source>The engine stopped: {0}. Run again to start a new one.</source>
   <translation>引擎已停止：{0}。再次运行会启动新的引擎。</translation>
  </message>
  <message>
   <source>The run cannot be written down: {0}</source>
   <translation>无法记录这次运行：{0}</translation>
  </message>
 </context>
 <context>
  <name>ExportButton</name>
  <message>
   <source>Export…</source>
   <translation>导出…</translation>
  </message>
  <message>
   <source>Image of what is seen (PNG)…</source>
   <translation>所见图片 (PNG)…</translation>
  </message>
  <message>
   <source>Numbers of what is seen (CSV)…</source>
   <translation>所见数值 (CSV)…</translation>
  </message>
  <message>
   <source>Steps as a film (MP4)…</source>
   <translation>步骤影片 (MP4)…</translation>
  </message>
  <message>
   <source>Steps as an animation (GIF)…</source>
   <translation>步骤动画 (GIF)…</translation>
  </message>
  <message>
   <source>Steps as an animation (WebP)…</source>
   <translation>步骤动画 (WebP)…</translation>
  </message>
  <message>
   <source>True values (safetensors)…</source>
   <translation>原始数值 (safetensors)…</translation>
  </message>
  <message>
   <source>True values of the tensor (NPY)…</source>
   <translation>张量的原始数值 (NPY)…</translation>
  </message>
 </context>
 <context>
  <name>FactsView</name>
  <message>
   <source>Facts about the value</source>
   <translation>值的信息</translation>
  </message>
  <message>
   <source>Histogram</source>
   <translation>直方图</translation>
  </message>
 </context>
 <context>
  <name>FieldList</name>
  <message>
   <source>A wire gives this value.</source>
   <translation>此值由连线提供。</translation>
  </message>
  <message>
   <source>Another seed</source>
   <translation>换一个种子</translation>
  </message>
  <message>
   <source>This workflow has no form yet. Arrange it: choose which values it shows.</source>
   <translation>此工作流还没有表单。请编排：选择要显示的值。</translation>
  </message>
 </context>
 <context>
  <name>FilesPage</name>
  <message>
   <source>Choose a folder</source>
   <translation>选择文件夹</translation>
  </message>
  <message>
   <source>Choose…</source>
   <translation>选择…</translation>
  </message>
  <message>
   <source>Images go to</source>
   <translation>图片保存到</translation>
  </message>
  <message>
   <source>Open again what was open at the last end</source>
   <translation>启动时恢复上次打开的工作流</translation>
  </message>
 </context>
 <context>
  <name>FolderList</name>
  <message>
   <source>Add…</source>
   <translation>添加…</translation>
  </message>
  <message>
   <source>Folder with images</source>
   <translation>含图像的文件夹</translation>
  </message>
  <message>
   <source>Folders</source>
   <translation>文件夹</translation>
  </message>
  <message>
   <source>Folders of the gallery</source>
   <translation>图库的文件夹</translation>
  </message>
  <message>
   <source>Images of the output folder are always there. Those of these folders are found too.</source>
   <translation>输出文件夹的图像始终在图库中；以下文件夹中的图像也会被找到。</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>移除</translation>
  </message>
 </context>
 <context>
  <name>ForeignDocuments</name>
  <message>
   <source>Cannot write {0}: {1}</source>
   <translation>无法写入 {0}：{1}</translation>
  </message>
  <message>
   <source>Clipboard</source>
   <translation>剪贴板</translation>
  </message>
  <message>
   <source>ComfyUI workflow (*.json)</source>
   <translation>ComfyUI 工作流 (*.json)</translation>
  </message>
  <message>
   <source>ComfyUI workflow for its API (*.json)</source>
   <translation>ComfyUI API 工作流 (*.json)</translation>
  </message>
  <message>
   <source>Export</source>
   <translation>导出</translation>
  </message>
  <message>
   <source>Keep What Made It</source>
   <translation>保留生成它的那个</translation>
  </message>
  <message>
   <source>Open the Other</source>
   <translation>打开另一个</translation>
  </message>
  <message>
   <source>Python script over diffusers (*.py)</source>
   <translation>基于 diffusers 的 Python 脚本 (*.py)</translation>
  </message>
  <message>
   <source>Settings as text (*.txt)</source>
   <translation>设置文本 (*.txt)</translation>
  </message>
  <message>
   <source>The one that made the image is open. The other is what its author had on the screen.</source>
   <translation>当前打开的是生成此图像的工作流；另一个是作者屏幕上的工作流。</translation>
  </message>
  <message>
   <source>This image holds two workflows that disagree at {0} nodes.</source>
   <translation>此图像含有两个工作流，它们有 {0} 个节点不一致。</translation>
  </message>
  <message>
   <source>Two workflows</source>
   <translation>两个工作流</translation>
  </message>
  <message>
   <source>Write the Rest</source>
   <translation>写入其余部分</translation>
  </message>
  <message>
   <source>{0} is written.</source>
   <translation>{0} 已写入。</translation>
  </message>
  <message>
   <source>{0} things are not the same there.</source>
   <translation>有 {0} 处在那里不一样。</translation>
  </message>
 </context>
 <context>
  <name>FormBox</name>
  <message>
   <source>Facts</source>
   <translation>信息</translation>
  </message>
 </context>
 <context>
  <name>FormCommands</name>
  <message>
   <source>Enter adds it, Esc closes</source>
   <translation>Enter 添加，Esc 关闭</translation>
  </message>
  <message>
   <source>Image: {0}</source>
   <translation>图像：{0}</translation>
  </message>
  <message>
   <source>Select a node first, to put its values into the form.</source>
   <translation>请先选择一个节点，再把它的值放进表单。</translation>
  </message>
  <message>
   <source>The form shows all of it already.</source>
   <translation>表单已经显示了全部内容。</translation>
  </message>
  <message>
   <source>The form shows “{0}” now.</source>
   <translation>表单现在显示“{0}”。</translation>
  </message>
  <message>
   <source>This workflow has a form: {0} shows it.</source>
   <translation>此工作流有表单：按 {0} 显示。</translation>
  </message>
  <message>
   <source>What should the form show?</source>
   <translation>表单要显示什么？</translation>
  </message>
 </context>
 <context>
  <name>FormEditor</name>
  <message>
   <source>A name starts with a letter; then come letters, digits, _ or -.</source>
   <translation>名称以字母开头，其后为字母、数字、_ 或 -。</translation>
  </message>
  <message>
   <source>Add…</source>
   <translation>添加…</translation>
  </message>
  <message>
   <source>Alt and arrows move an entry, Delete takes it out</source>
   <translation>Alt 加方向键移动条目，Delete 移除</translation>
  </message>
  <message>
   <source>Another field has this name.</source>
   <translation>另一个字段已用此名称。</translation>
  </message>
  <message>
   <source>Enter adds it, Esc closes</source>
   <translation>Enter 添加，Esc 关闭</translation>
  </message>
  <message>
   <source>Fields and images of the form</source>
   <translation>表单的字段和图像</translation>
  </message>
  <message>
   <source>From</source>
   <translation>从</translation>
  </message>
  <message>
   <source>Group</source>
   <translation>组合</translation>
  </message>
  <message>
   <source>Image: {0}</source>
   <translation>图像：{0}</translation>
  </message>
  <message>
   <source>Move down</source>
   <translation>下移</translation>
  </message>
  <message>
   <source>Move up</source>
   <translation>上移</translation>
  </message>
  <message>
   <source>Name for scripts</source>
   <translation>脚本中的名称</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>移除</translation>
  </message>
  <message>
   <source>The range ends before it begins.</source>
   <translation>范围的终点小于起点。</translation>
  </message>
  <message>
   <source>This is no number.</source>
   <translation>这不是数字。</translation>
  </message>
  <message>
   <source>Title</source>
   <translation>标题</translation>
  </message>
  <message>
   <source>Title of the form</source>
   <translation>表单标题</translation>
  </message>
  <message>
   <source>To</source>
   <translation>到</translation>
  </message>
  <message>
   <source>What should the form show?</source>
   <translation>表单要显示什么？</translation>
  </message>
 </context>
 <context>
  <name>FormModel</name>
  <message>
   <source>Change the Form</source>
   <translation>修改表单</translation>
  </message>
  <message>
   <source>Set {0}</source>
   <translation>设置 {0}</translation>
  </message>
 </context>
 <context>
  <name>FormPage</name>
  <message>
   <source>Arrange</source>
   <translation>编排</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>取消</translation>
  </message>
  <message>
   <source>Choose what the form shows, in which order and under which names</source>
   <translation>选择表单显示什么、顺序与名称</translation>
  </message>
  <message>
   <source>Form</source>
   <translation>表单</translation>
  </message>
  <message>
   <source>Graph</source>
   <translation>节点图</translation>
  </message>
  <message>
   <source>Run</source>
   <translation>运行</translation>
  </message>
  <message>
   <source>Run once more</source>
   <translation>再运行一次</translation>
  </message>
  <message>
   <source>See the workflow that the form stands over</source>
   <translation>查看表单背后的工作流</translation>
  </message>
 </context>
 <context>
  <name>Gallery</name>
  <message>
   <source>1 image</source>
   <translation>1 张图片</translation>
  </message>
  <message>
   <source>Compare</source>
   <translation>比较</translation>
  </message>
  <message>
   <source>Delete</source>
   <translation>删除</translation>
  </message>
  <message>
   <source>Find by prompt, seed, model, sampler, size, name; * for stars</source>
   <translation>按提示词、种子、模型、采样器、尺寸、名称查找；* 查找星标</translation>
  </message>
  <message>
   <source>Folders…</source>
   <translation>文件夹…</translation>
  </message>
  <message>
   <source>Move {0} images to the trash?</source>
   <translation>将 {0} 张图片移到回收站？</translation>
  </message>
  <message>
   <source>Move {0} to the trash?</source>
   <translation>将 {0} 移到回收站？</translation>
  </message>
  <message>
   <source>No images yet. A Save image node writes its images here when it runs.</source>
   <translation>还没有图片。“保存图像”节点运行后，图片会出现在这里。</translation>
  </message>
  <message>
   <source>Open workflow</source>
   <translation>打开工作流</translation>
  </message>
  <message>
   <source>Other folders whose images are to be found here</source>
   <translation>其图像也要在此显示的其他文件夹</translation>
  </message>
  <message>
   <source>Pictures</source>
   <translation>图片</translation>
  </message>
  <message>
   <source>Show in folder</source>
   <translation>在文件夹中显示</translation>
  </message>
  <message>
   <source>Show large</source>
   <translation>查看大图</translation>
  </message>
  <message>
   <source>Star</source>
   <translation>星标</translation>
  </message>
  <message>
   <source>These could not be moved to the trash: {0}</source>
   <translation>以下图片无法移到回收站：{0}</translation>
  </message>
  <message>
   <source>{0} images</source>
   <translation>{0} 张图片</translation>
  </message>
 </context>
 <context>
  <name>Grouping</name>
  <message>
   <source>Cannot write to the library: {0}</source>
   <translation>无法写入节点库：{0}</translation>
  </message>
  <message>
   <source>Every subgraph of this workflow is in use.</source>
   <translation>此工作流的所有子图都在使用中。</translation>
  </message>
  <message>
   <source>Expose {0}</source>
   <translation>公开 {0}</translation>
  </message>
  <message>
   <source>Group</source>
   <translation>组合</translation>
  </message>
  <message>
   <source>Hide</source>
   <translation>隐藏</translation>
  </message>
  <message>
   <source>Hide {0}</source>
   <translation>隐藏 {0}</translation>
  </message>
  <message>
   <source>Make Unique</source>
   <translation>设为独立副本</translation>
  </message>
  <message>
   <source>Move Down</source>
   <translation>下移</translation>
  </message>
  <message>
   <source>Move Port</source>
   <translation>移动端口</translation>
  </message>
  <message>
   <source>Move Up</source>
   <translation>上移</translation>
  </message>
  <message>
   <source>Open a subgraph first: what stands inside it can be exposed.</source>
   <translation>请先打开一个子图：其内部的内容才能公开。</translation>
  </message>
  <message>
   <source>Point at a parameter or a port to expose it.</source>
   <translation>请指向要公开的参数或端口。</translation>
  </message>
  <message>
   <source>Remove unused subgraphs</source>
   <translation>移除未使用的子图</translation>
  </message>
  <message>
   <source>Removed: {0}</source>
   <translation>已移除：{0}</translation>
  </message>
  <message>
   <source>Rename {0}</source>
   <translation>重命名 {0}</translation>
  </message>
  <message>
   <source>Rename…</source>
   <translation>重命名…</translation>
  </message>
  <message>
   <source>Save to Library</source>
   <translation>保存到节点库</translation>
  </message>
  <message>
   <source>Select a subgraph to ungroup it.</source>
   <translation>请选择要解散的子图。</translation>
  </message>
  <message>
   <source>Select one subgraph to make it unique.</source>
   <translation>请选择一个子图，将其设为独立副本。</translation>
  </message>
  <message>
   <source>Select one subgraph to open it.</source>
   <translation>请选择一个要打开的子图。</translation>
  </message>
  <message>
   <source>Select one subgraph to save it to the library.</source>
   <translation>请选择一个要保存到节点库的子图。</translation>
  </message>
  <message>
   <source>Select the nodes that become a subgraph.</source>
   <translation>请选择要组成子图的节点。</translation>
  </message>
  <message>
   <source>The library has a subgraph of the name {0} already. Replace it?</source>
   <translation>节点库中已有名为 {0} 的子图。要替换吗？</translation>
  </message>
  <message>
   <source>Ungroup</source>
   <translation>解散子图</translation>
  </message>
  <message>
   <source>{0} is in the library now.</source>
   <translation>{0} 已存入节点库。</translation>
  </message>
 </context>
 <context>
  <name>ImageBelow</name>
  <message>
   <source>The run as far as {0} gave no image to paint on.</source>
   <translation>运行到 {0} 为止，没有得到可供绘制的图像。</translation>
  </message>
 </context>
 <context>
  <name>ImageComparison</name>
  <message>
   <source>One of the two images cannot be read.</source>
   <translation>两张图像中有一张无法读取。</translation>
  </message>
  <message>
   <source>Way to compare</source>
   <translation>比较方式</translation>
  </message>
  <message>
   <source>largest difference: {0} of 255</source>
   <translation>最大差异：{0} / 255</translation>
  </message>
  <message>
   <source>the images are the same</source>
   <translation>图片相同</translation>
  </message>
  <message>
   <source>{0} and {1}</source>
   <translation>{0} 与 {1}</translation>
  </message>
 </context>
 <context>
  <name>ImageList</name>
  <message>
   <source>seed {0}</source>
   <translation>种子 {0}</translation>
  </message>
 </context>
 <context>
  <name>ImagePage</name>
  <message>
   <source>Next image</source>
   <translation>下一张图片</translation>
  </message>
  <message>
   <source>Open workflow</source>
   <translation>打开工作流</translation>
  </message>
  <message>
   <source>Previous image</source>
   <translation>上一张图片</translation>
  </message>
  <message>
   <source>This image cannot be read.</source>
   <translation>无法读取此图片。</translation>
  </message>
  <message>
   <source>{0} of {1}</source>
   <translation>{0} / {1}</translation>
  </message>
 </context>
 <context>
  <name>ImagePairView</name>
  <message>
   <source>Difference of the two images</source>
   <translation>两张图片的差异</translation>
  </message>
  <message>
   <source>Image of this run</source>
   <translation>本次运行的图片</translation>
  </message>
  <message>
   <source>Image that it is compared with</source>
   <translation>用于比较的图片</translation>
  </message>
 </context>
 <context>
  <name>ImageTools</name>
  <message>
   <source>All images of the batch</source>
   <translation>整批图像</translation>
  </message>
  <message>
   <source>Copy</source>
   <translation>复制</translation>
  </message>
  <message>
   <source>Make this the input</source>
   <translation>用作输入图像</translation>
  </message>
  <message>
   <source>Next image of the batch</source>
   <translation>批次中的下一张</translation>
  </message>
  <message>
   <source>Paint a mask on it…</source>
   <translation>在其上绘制遮罩…</translation>
  </message>
  <message>
   <source>Previous image of the batch</source>
   <translation>批次中的上一张</translation>
  </message>
  <message>
   <source>Save as…</source>
   <translation>另存为…</translation>
  </message>
  <message>
   <source>Take the seed of this image, or the image itself, for the next run, or paint a mask on it</source>
   <translation>将此图像的种子或图像本身用于下次运行，或在其上绘制遮罩</translation>
  </message>
  <message>
   <source>Use</source>
   <translation>使用</translation>
  </message>
  <message>
   <source>Use this seed</source>
   <translation>使用此种子</translation>
  </message>
 </context>
 <context>
  <name>ImageView</name>
  <message>
   <source>Image of the value</source>
   <translation>值的图片</translation>
  </message>
 </context>
 <context>
  <name>ImportReportPanel</name>
  <message>
   <source>A double click shows the node.</source>
   <translation>双击可显示对应节点。</translation>
  </message>
  <message>
   <source>Copy</source>
   <translation>复制</translation>
  </message>
  <message>
   <source>Copy the whole report as text</source>
   <translation>以文本形式复制整份报告</translation>
  </message>
  <message>
   <source>From {0}: {1} translated, {2} not exactly, {3} missing.</source>
   <translation>来自 {0}：{1} 个已转换，{2} 个不完全一致，{3} 个缺失。</translation>
  </message>
  <message>
   <source>Missing models</source>
   <translation>缺失的模型</translation>
  </message>
  <message>
   <source>Missing nodes</source>
   <translation>缺失的节点</translation>
  </message>
  <message>
   <source>Models that are here</source>
   <translation>已有的模型</translation>
  </message>
  <message>
   <source>Not exactly the same</source>
   <translation>不完全一致</translation>
  </message>
  <message>
   <source>Other differences</source>
   <translation>其他差异</translation>
  </message>
  <message>
   <source>This workflow was not imported from another program.</source>
   <translation>此工作流不是从其他程序导入的。</translation>
  </message>
  <message>
   <source>Translated</source>
   <translation>已转换</translation>
  </message>
  <message>
   <source>What became of each node and model</source>
   <translation>每个节点和模型的处理结果</translation>
  </message>
  <message>
   <source>belongs in the folder {0}</source>
   <translation>应放在文件夹 {0}</translation>
  </message>
  <message>
   <source>comes with the pack {0}</source>
   <translation>属于节点包 {0}</translation>
  </message>
  <message>
   <source>{0} of {1} models are here.</source>
   <translation>{1} 个模型中已有 {0} 个。</translation>
  </message>
 </context>
 <context>
  <name>InsertCommands</name>
  <message>
   <source>The clipboard holds no nodes.</source>
   <translation>剪贴板中没有节点。</translation>
  </message>
  <message>
   <source>{0} loads this image now.</source>
   <translation>{0} 现在加载这张图像。</translation>
  </message>
 </context>
 <context>
  <name>InspectorPanel</name>
  <message>
   <source>Inspector</source>
   <translation>检查器</translation>
  </message>
  <message>
   <source>Select a node to see what it gave.</source>
   <translation>选择一个节点以查看其结果。</translation>
  </message>
  <message>
   <source>This is a copy: change it, and run. The steps before it come from the cache.</source>
   <translation>这是副本：修改后运行即可。之前的各步来自缓存。</translation>
  </message>
  <message>
   <source>This node gives nothing that could be seen.</source>
   <translation>此节点没有可查看的输出。</translation>
  </message>
  <message>
   <source>step {0} of {1}, as it is foreseen</source>
   <translation>第 {0}/{1} 步（预测）</translation>
  </message>
  <message>
   <source>{0} of {1} steps fetched · images held: {2} of at most {3}</source>
   <translation>已取得 {0} / {1} 步 · 保留图片 {2} 张，最多 {3} 张</translation>
  </message>
 </context>
 <context>
  <name>ItemBox</name>
  <message>
   <source>Item of the list</source>
   <translation>列表项</translation>
  </message>
  <message>
   <source>item {0}</source>
   <translation>第 {0} 项</translation>
  </message>
 </context>
 <context>
  <name>JobCommands</name>
  <message>
   <source>Change it, and press Run: it goes into the queue again.</source>
   <translation>修改后按“运行”：它会重新进入队列。</translation>
  </message>
  <message>
   <source>Untitled</source>
   <translation>未命名</translation>
  </message>
  <message>
   <source>{0} (from the queue)</source>
   <translation>{0}（来自队列）</translation>
  </message>
 </context>
 <context>
  <name>KeysPage</name>
  <message>
   <source>Action</source>
   <translation>操作</translation>
  </message>
  <message>
   <source>Actions and their keys</source>
   <translation>操作及其快捷键</translation>
  </message>
  <message>
   <source>All to default</source>
   <translation>全部恢复默认</translation>
  </message>
  <message>
   <source>Default</source>
   <translation>默认</translation>
  </message>
  <message>
   <source>Find an action</source>
   <translation>查找操作</translation>
  </message>
  <message>
   <source>Keys</source>
   <translation>快捷键</translation>
  </message>
  <message>
   <source>Keys of another program</source>
   <translation>其他程序的按键</translation>
  </message>
  <message>
   <source>Keys of nodeflow</source>
   <translation>nodeflow 的按键</translation>
  </message>
  <message>
   <source>Keys of {0}</source>
   <translation>{0} 的按键</translation>
  </message>
  <message>
   <source>New keys</source>
   <translation>新快捷键</translation>
  </message>
  <message>
   <source>None</source>
   <translation>无</translation>
  </message>
  <message>
   <source>Set</source>
   <translation>设置</translation>
  </message>
  <message>
   <source>These keys are those of {0} now; Set takes them from it.</source>
   <translation>此快捷键目前属于“{0}”；点击“设置”后将从中移除。</translation>
  </message>
 </context>
 <context>
  <name>LevelCommands</name>
  <message>
   <source>A wire gives “{0}”; take it off to draw them.</source>
   <translation>“{0}”由连线给出；取下连线即可绘制。</translation>
  </message>
  <message>
   <source>Draw Noise Levels</source>
   <translation>绘制噪声水平</translation>
  </message>
 </context>
 <context>
  <name>LevelsDialog</name>
  <message>
   <source>A drag draws the curve; levels before it stay above, those after it below. Left and Right choose a level, Up and Down move it, with Shift finely.</source>
   <translation>拖动绘制曲线；之前的水平保持在上方，之后的保持在下方。左右键选择一个水平，上下键移动它，按住 Shift 则微调。</translation>
  </message>
  <message>
   <source>Draw noise levels</source>
   <translation>绘制噪声水平</translation>
  </message>
  <message>
   <source>Level {0}: {1}</source>
   <translation>水平 {0}：{1}</translation>
  </message>
  <message>
   <source>Redo</source>
   <translation>重做</translation>
  </message>
  <message>
   <source>Steps</source>
   <translation>步</translation>
  </message>
  <message>
   <source>Undo</source>
   <translation>撤销</translation>
  </message>
 </context>
 <context>
  <name>LevelsView</name>
  <message>
   <source>Noise levels</source>
   <translation>噪声水平</translation>
  </message>
 </context>
 <context>
  <name>LibraryFolders</name>
  <message>
   <source>Add Folder…</source>
   <translation>添加文件夹…</translation>
  </message>
  <message>
   <source>Add {0}</source>
   <translation>添加 {0}</translation>
  </message>
  <message>
   <source>Choose a folder</source>
   <translation>选择文件夹</translation>
  </message>
  <message>
   <source>Folder</source>
   <translation>文件夹</translation>
  </message>
  <message>
   <source>Model folders</source>
   <translation>模型文件夹</translation>
  </message>
  <message>
   <source>Models are looked for in these folders and all below them. The folder of ComfyUI, of the Stable Diffusion web UI or of InvokeAI stands for the models in it. Only headers are read.</source>
   <translation>会在这些文件夹及其所有子文件夹中查找模型。ComfyUI、Stable Diffusion web UI 或 InvokeAI 的文件夹代表其中的模型。只读取文件头。</translation>
  </message>
  <message>
   <source>Named by</source>
   <translation>来源</translation>
  </message>
  <message>
   <source>Show the cache of the Hugging Face hub too</source>
   <translation>同时显示 Hugging Face hub 的缓存</translation>
  </message>
  <message>
   <source>Take Away</source>
   <translation>移除</translation>
  </message>
  <message>
   <source>The folders cannot be kept: {0}</source>
   <translation>无法保存文件夹设置：{0}</translation>
  </message>
  <message>
   <source>you</source>
   <translation>自己添加</translation>
  </message>
  <message>
   <source>{0}, not there now</source>
   <translation>{0}，目前不可用</translation>
  </message>
 </context>
 <context>
  <name>LoadOffer</name>
  <message>
   <source>Load {0}, to see it in true colours</source>
   <translation>加载 {0}，以显示真实颜色</translation>
  </message>
  <message>
   <source>Run to {0}, to see it</source>
   <translation>运行到 {0} 以查看</translation>
  </message>
 </context>
 <context>
  <name>LogPanel</name>
  <message>
   <source>Cannot write the log: {0}</source>
   <translation>无法写入日志：{0}</translation>
  </message>
  <message>
   <source>Clear</source>
   <translation>清空</translation>
  </message>
  <message>
   <source>Copy</source>
   <translation>复制</translation>
  </message>
  <message>
   <source>Log</source>
   <translation>日志</translation>
  </message>
  <message>
   <source>Only lines with these words</source>
   <translation>只显示包含这些词的行</translation>
  </message>
  <message>
   <source>Only lines with…</source>
   <translation>筛选…</translation>
  </message>
  <message>
   <source>Save log</source>
   <translation>保存日志</translation>
  </message>
  <message>
   <source>Save…</source>
   <translation>保存…</translation>
  </message>
  <message>
   <source>What the engine writes appears here: its output, and errors in full.</source>
   <translation>引擎的输出和完整的错误信息会显示在这里。</translation>
  </message>
 </context>
 <context>
  <name>LookCommands</name>
  <message>
   <source>Collapse</source>
   <translation>折叠</translation>
  </message>
  <message>
   <source>Open</source>
   <translation>展开</translation>
  </message>
  <message>
   <source>Pin</source>
   <translation>固定</translation>
  </message>
  <message>
   <source>Resize</source>
   <translation>调整大小</translation>
  </message>
  <message>
   <source>Unpin</source>
   <translation>取消固定</translation>
  </message>
 </context>
 <context>
  <name>LookPage</name>
  <message>
   <source>As the system</source>
   <translation>跟随系统</translation>
  </message>
  <message>
   <source>Dark</source>
   <translation>深色</translation>
  </message>
  <message>
   <source>From the next start.</source>
   <translation>下次启动时生效。</translation>
  </message>
  <message>
   <source>Language</source>
   <translation>语言</translation>
  </message>
  <message>
   <source>Light</source>
   <translation>浅色</translation>
  </message>
  <message>
   <source>Size of everything</source>
   <translation>界面缩放</translation>
  </message>
  <message>
   <source>Theme</source>
   <translation>主题</translation>
  </message>
 </context>
 <context>
  <name>MaskCommands</name>
  <message>
   <source>Add {0}</source>
   <translation>添加 {0}</translation>
  </message>
  <message>
   <source>Open the subgraph that {0} stands in first.</source>
   <translation>请先打开 {0} 所在的子图。</translation>
  </message>
  <message>
   <source>Paint Mask</source>
   <translation>绘制遮罩</translation>
  </message>
  <message>
   <source>Running as far as the image, to paint on it…</source>
   <translation>正在运行到该图像，以便在其上绘制…</translation>
  </message>
  <message>
   <source>Wire an image to “{0}” first, to have something to paint on.</source>
   <translation>请先把图像连到“{0}”，才有可绘制之处。</translation>
  </message>
 </context>
 <context>
  <name>MaskDialog</name>
  <message>
   <source>Box</source>
   <translation>矩形</translation>
  </message>
  <message>
   <source>Brush</source>
   <translation>画笔</translation>
  </message>
  <message>
   <source>Clear</source>
   <translation>清除</translation>
  </message>
  <message>
   <source>Eraser</source>
   <translation>橡皮</translation>
  </message>
  <message>
   <source>Fill</source>
   <translation>填满</translation>
  </message>
  <message>
   <source>Hardness</source>
   <translation>硬度</translation>
  </message>
  <message>
   <source>Invert</source>
   <translation>反转</translation>
  </message>
  <message>
   <source>Left button paints, right erases, middle moves, wheel zooms. [ and ] change the size, with Shift the hardness. Arrows move the brush, Space paints.</source>
   <translation>左键绘制，右键擦除，中键移动，滚轮缩放。[ 和 ] 改变大小，加 Shift 改变硬度。方向键移动画笔，空格键绘制。</translation>
  </message>
  <message>
   <source>Outline</source>
   <translation>套索</translation>
  </message>
  <message>
   <source>Paint a mask</source>
   <translation>绘制遮罩</translation>
  </message>
  <message>
   <source>Redo</source>
   <translation>重做</translation>
  </message>
  <message>
   <source>Size</source>
   <translation>大小</translation>
  </message>
  <message>
   <source>Undo</source>
   <translation>撤销</translation>
  </message>
 </context>
 <context>
  <name>MaskView</name>
  <message>
   <source>Image to paint a mask on</source>
   <translation>供绘制遮罩的图像</translation>
  </message>
 </context>
 <context>
  <name>MatrixView</name>
  <message>
   <source>Matrix</source>
   <translation>矩阵</translation>
  </message>
  <message>
   <source>blue {0:g}, red {1:g}</source>
   <translation>蓝 {0:g}，红 {1:g}</translation>
  </message>
 </context>
 <context>
  <name>MissingDialog</name>
  <message>
   <source>Cancel</source>
   <translation>取消</translation>
  </message>
  <message>
   <source>Choose a file</source>
   <translation>选择文件</translation>
  </message>
  <message>
   <source>Download…</source>
   <translation>下载…</translation>
  </message>
  <message>
   <source>File…</source>
   <translation>文件…</translation>
  </message>
  <message>
   <source>In place of {0}</source>
   <translation>替代 {0}</translation>
  </message>
  <message>
   <source>Leave it as it is</source>
   <translation>保持原样</translation>
  </message>
  <message>
   <source>Missing models</source>
   <translation>缺少的模型</translation>
  </message>
  <message>
   <source>These models are not on this computer. Choose what takes the place of each.</source>
   <translation>这台电脑上没有以下模型。请为每一个选择替代。</translation>
  </message>
  <message>
   <source>Use These</source>
   <translation>使用这些</translation>
  </message>
 </context>
 <context>
  <name>MissingWatch</name>
  <message>
   <source>{0} is in none of the model folders; choose another model, or add its folder</source>
   <translation>{0} 不在任何模型文件夹中；请选择其他模型，或添加它所在的文件夹</translation>
  </message>
  <message>
   <source>{0} is not on this computer; download it, or choose another model</source>
   <translation>这台电脑上没有 {0}；请下载，或选择其他模型</translation>
  </message>
  <message>
   <source>{0} lies in {1}, which cannot be reached now; plug it in, or choose another model</source>
   <translation>{0} 位于 {1}，该文件夹现在无法访问；请接上它，或选择其他模型</translation>
  </message>
  <message>
   <source>{0}: the hub's cache on this computer holds only a part of it, without {1}; download it, let runs fetch it ({2}=1), or choose another model</source>
   <translation>{0}：本机的 hub 缓存中只有它的一部分，缺少 {1}；请下载它，让运行去获取（{2}=1），或选择其他模型</translation>
  </message>
 </context>
 <context>
  <name>ModelCommands</name>
  <message>
   <source>Add “{0}”</source>
   <translation>添加“{0}”</translation>
  </message>
  <message>
   <source>Convert…</source>
   <translation>转换…</translation>
  </message>
  <message>
   <source>Open</source>
   <translation>打开</translation>
  </message>
  <message>
   <source>Replace Missing Models</source>
   <translation>替换缺少的模型</translation>
  </message>
  <message>
   <source>no node takes it yet</source>
   <translation>还没有节点能使用它</translation>
  </message>
  <message>
   <source>nothing that is known here</source>
   <translation>这里不认识的内容</translation>
  </message>
  <message>
   <source>weights of a kind that is not known here</source>
   <translation>这里不认识的权重</translation>
  </message>
  <message>
   <source>{0} cannot be read: {1}</source>
   <translation>无法读取 {0}：{1}</translation>
  </message>
  <message>
   <source>{0} holds {1}; {2}.</source>
   <translation>{0} 含有：{1}；{2}。</translation>
  </message>
  <message>
   <source>{0} is here now.</source>
   <translation>{0} 已下载完成。</translation>
  </message>
  <message>
   <source>{0} is no workflow: it holds {1}.</source>
   <translation>{0} 不是工作流，它含有：{1}。</translation>
  </message>
 </context>
 <context>
  <name>ModelDetails</name>
  <message>
   <source>Copy the trigger words</source>
   <translation>复制触发词</translation>
  </message>
  <message>
   <source>Note</source>
   <translation>备注</translation>
  </message>
  <message>
   <source>Tags</source>
   <translation>标签</translation>
  </message>
  <message>
   <source>Trigger words</source>
   <translation>触发词</translation>
  </message>
  <message>
   <source>last used {0}</source>
   <translation>上次使用：{0}</translation>
  </message>
  <message>
   <source>not used here yet</source>
   <translation>尚未在此使用</translation>
  </message>
  <message>
   <source>parted by commas</source>
   <translation>用逗号分隔</translation>
  </message>
 </context>
 <context>
  <name>ModelLibrary</name>
  <message>
   <source>The library's index cannot be kept: {0}</source>
   <translation>无法保存模型库的索引：{0}</translation>
  </message>
  <message>
   <source>The library's index was damaged. It lies now at {0}, and the folders are looked through anew.</source>
   <translation>模型库的索引已损坏，现移至 {0}，正在重新扫描文件夹。</translation>
  </message>
  <message>
   <source>The model folders cannot be looked through: {0}</source>
   <translation>无法扫描模型文件夹：{0}</translation>
  </message>
  <message>
   <source>What was written of a model could not be kept: {0}</source>
   <translation>无法保存对模型的备注：{0}</translation>
  </message>
  <message>
   <source>{0} cannot be read: {1}</source>
   <translation>无法读取 {0}：{1}</translation>
  </message>
 </context>
 <context>
  <name>ModelPanel</name>
  <message>
   <source>Add the Node That Loads It</source>
   <translation>添加加载它的节点</translation>
  </message>
  <message>
   <source>Compute and Copy Hash</source>
   <translation>计算并复制哈希</translation>
  </message>
  <message>
   <source>Convert…</source>
   <translation>转换…</translation>
  </message>
  <message>
   <source>Copy Hash (AutoV2)</source>
   <translation>复制哈希 (AutoV2)</translation>
  </message>
  <message>
   <source>Copy Name</source>
   <translation>复制名称</translation>
  </message>
  <message>
   <source>Copy Path</source>
   <translation>复制路径</translation>
  </message>
  <message>
   <source>Copy SHA-256</source>
   <translation>复制 SHA-256</translation>
  </message>
  <message>
   <source>Family</source>
   <translation>系列</translation>
  </message>
  <message>
   <source>Folders…</source>
   <translation>文件夹…</translation>
  </message>
  <message>
   <source>Kind</source>
   <translation>类型</translation>
  </message>
  <message>
   <source>Look again</source>
   <translation>重新扫描</translation>
  </message>
  <message>
   <source>Looking through the folders</source>
   <translation>正在扫描文件夹</translation>
  </message>
  <message>
   <source>Models</source>
   <translation>模型</translation>
  </message>
  <message>
   <source>No folder is named yet: these models ship with nodeflow. Add your own under Folders….</source>
   <translation>尚未指定文件夹：以下是 nodeflow 自带的模型。可在“文件夹…”中添加自己的。</translation>
  </message>
  <message>
   <source>Not there now; what is known of it is kept: {0}</source>
   <translation>目前不可用，已知信息保留：{0}</translation>
  </message>
  <message>
   <source>Order</source>
   <translation>顺序</translation>
  </message>
  <message>
   <source>Search models</source>
   <translation>搜索模型</translation>
  </message>
  <message>
   <source>Show in Folder</source>
   <translation>在文件夹中显示</translation>
  </message>
  <message>
   <source>Stop</source>
   <translation>停止</translation>
  </message>
  <message>
   <source>by name</source>
   <translation>按名称</translation>
  </message>
  <message>
   <source>last used first</source>
   <translation>最近使用在前</translation>
  </message>
  <message>
   <source>{0} files seen, {1} of them new</source>
   <translation>已查看 {0} 个文件，其中 {1} 个是新的</translation>
  </message>
  <message>
   <source>{0} models</source>
   <translation>{0} 个模型</translation>
  </message>
  <message>
   <source>{0} of {1} models</source>
   <translation>{0} / {1} 个模型</translation>
  </message>
 </context>
 <context>
  <name>NodeCommands</name>
  <message>
   <source>Add Reroute</source>
   <translation>添加转接点</translation>
  </message>
  <message>
   <source>Add {0}</source>
   <translation>添加 {0}</translation>
  </message>
  <message>
   <source>Bypass</source>
   <translation>绕过</translation>
  </message>
  <message>
   <source>Colour</source>
   <translation>颜色</translation>
  </message>
  <message>
   <source>Delete</source>
   <translation>删除</translation>
  </message>
  <message>
   <source>Delete and Reconnect</source>
   <translation>删除并重新连接</translation>
  </message>
  <message>
   <source>Delete {n} nodes</source>
   <translation>删除 {n} 个节点</translation>
  </message>
  <message>
   <source>Duplicate</source>
   <translation>创建副本</translation>
  </message>
  <message>
   <source>Enter adds the node, Esc closes</source>
   <translation>Enter 添加节点，Esc 关闭</translation>
  </message>
  <message>
   <source>Insert {0}</source>
   <translation>插入 {0}</translation>
  </message>
  <message>
   <source>Mute</source>
   <translation>停用</translation>
  </message>
  <message>
   <source>Nodes that fit into this wire</source>
   <translation>可插入此连线的节点</translation>
  </message>
  <message>
   <source>Nodes that give {0}</source>
   <translation>输出 {0} 的节点</translation>
  </message>
  <message>
   <source>Nodes that take {0}</source>
   <translation>接受 {0} 的节点</translation>
  </message>
  <message>
   <source>Paste</source>
   <translation>粘贴</translation>
  </message>
  <message>
   <source>Select a node to run to.</source>
   <translation>请选择要运行到的节点。</translation>
  </message>
  <message>
   <source>Select something first.</source>
   <translation>请先选择一些内容。</translation>
  </message>
  <message>
   <source>The clipboard holds no nodes.</source>
   <translation>剪贴板中没有节点。</translation>
  </message>
  <message>
   <source>{0} cannot be added here</source>
   <translation>{0} 不能添加到这里</translation>
  </message>
 </context>
 <context>
  <name>NodeHelp</name>
  <message>
   <source>Help of the selected node</source>
   <translation>所选节点的帮助</translation>
  </message>
 </context>
 <context>
  <name>NodeLibrary</name>
  <message>
   <source>Drag a node onto the canvas, or double click it.</source>
   <translation>将节点拖到画布上，或双击添加。</translation>
  </message>
  <message>
   <source>Nodes by station</source>
   <translation>按环节分类的节点</translation>
  </message>
  <message>
   <source>Nothing is called that. Did you mean one of these?</source>
   <translation>没有这个名称。是不是要找下面这些？</translation>
  </message>
  <message>
   <source>Search nodes</source>
   <translation>搜索节点</translation>
  </message>
 </context>
 <context>
  <name>NodeSearch</name>
  <message>
   <source>Search nodes</source>
   <translation>搜索节点</translation>
  </message>
  <message>
   <source>did you mean?</source>
   <translation>是不是要找？</translation>
  </message>
 </context>
 <context>
  <name>NoticesPage</name>
  <message>
   <source>Command</source>
   <translation>命令</translation>
  </message>
  <message>
   <source>Long is</source>
   <translation>多久算长</translation>
  </message>
  <message>
   <source>On the desktop, while the window is not in front.</source>
   <translation>窗口不在前面时在桌面上提示。</translation>
  </message>
  <message>
   <source>Started then; NODEFLOW_TITLE, NODEFLOW_OUTCOME, NODEFLOW_SECONDS, NODEFLOW_IMAGE and NODEFLOW_REASON say what happened.</source>
   <translation>届时启动；NODEFLOW_TITLE、NODEFLOW_OUTCOME、NODEFLOW_SECONDS、NODEFLOW_IMAGE 和 NODEFLOW_REASON 说明发生了什么。</translation>
  </message>
  <message>
   <source>Tell when a long run is over</source>
   <translation>长时间运行结束时提示</translation>
  </message>
  <message>
   <source>With a sound</source>
   <translation>带提示音</translation>
  </message>
 </context>
 <context>
  <name>Palette</name>
  <message>
   <source>What do you want to do?</source>
   <translation>想做什么？</translation>
  </message>
  <message>
   <source>did you mean?</source>
   <translation>是不是要找？</translation>
  </message>
 </context>
 <context>
  <name>PanelDocks</name>
  <message>
   <source>As it was opened</source>
   <translation>打开时的状态</translation>
  </message>
  <message>
   <source>Course</source>
   <translation>课程</translation>
  </message>
  <message>
   <source>Gallery</source>
   <translation>图库</translation>
  </message>
  <message>
   <source>History</source>
   <translation>历史记录</translation>
  </message>
  <message>
   <source>Import</source>
   <translation>导入</translation>
  </message>
  <message>
   <source>Inspector</source>
   <translation>检查器</translation>
  </message>
  <message>
   <source>Library</source>
   <translation>节点库</translation>
  </message>
  <message>
   <source>Log</source>
   <translation>日志</translation>
  </message>
  <message>
   <source>Models</source>
   <translation>模型</translation>
  </message>
  <message>
   <source>Panels</source>
   <translation>面板</translation>
  </message>
  <message>
   <source>Preview</source>
   <translation>预览</translation>
  </message>
  <message>
   <source>Properties</source>
   <translation>属性</translation>
  </message>
  <message>
   <source>Queue</source>
   <translation>队列</translation>
  </message>
  <message>
   <source>Steps that can be taken back</source>
   <translation>可撤销的步骤</translation>
  </message>
 </context>
 <context>
  <name>ParamCommands</name>
  <message>
   <source>Another Seed</source>
   <translation>换一个种子</translation>
  </message>
  <message>
   <source>Rename</source>
   <translation>重命名</translation>
  </message>
  <message>
   <source>Seed Mode</source>
   <translation>种子模式</translation>
  </message>
  <message>
   <source>Set {0}</source>
   <translation>设置 {0}</translation>
  </message>
  <message>
   <source>Set {0} of {1} nodes</source>
   <translation>设置 {1} 个节点的 {0}</translation>
  </message>
 </context>
 <context>
  <name>Picker</name>
  <message>
   <source>Found</source>
   <translation>已找到</translation>
  </message>
  <message>
   <source>Nothing found</source>
   <translation>没有找到</translation>
  </message>
 </context>
 <context>
  <name>PlaceCommands</name>
  <message>
   <source>A wire gives “{0}”; take it off to draw the place.</source>
   <translation>“{0}”由连线给出；请取下连线再画位置。</translation>
  </message>
  <message>
   <source>Draw Boxes</source>
   <translation>画方框</translation>
  </message>
  <message>
   <source>Draw Points</source>
   <translation>设点</translation>
  </message>
  <message>
   <source>No image is made of this node yet; wire it on, to have something to draw on.</source>
   <translation>还没有图像由此节点产生；请先往下连线，才有可画的底图。</translation>
  </message>
  <message>
   <source>Nothing of this node is drawn on an image.</source>
   <translation>此节点没有可在图像上画的内容。</translation>
  </message>
  <message>
   <source>Running as far as the image, to draw on it…</source>
   <translation>正在运行到图像，以便在其上画…</translation>
  </message>
  <message>
   <source>Wire an image to “{0}” first, to have something to draw on.</source>
   <translation>请先把图像连到“{0}”，才有可画的底图。</translation>
  </message>
  <message>
   <source>“{0}” is no list of places ({1}); empty it, and draw them anew.</source>
   <translation>“{0}”不是位置列表（{1}）；请清空后重新画。</translation>
  </message>
 </context>
 <context>
  <name>PlacesDialog</name>
  <message>
   <source>A click sets a point, a drag moves one. Arrows move the chosen one, with Shift further.</source>
   <translation>单击设点，拖动移点。方向键移动选中的点，按住 Shift 移得更远。</translation>
  </message>
  <message>
   <source>A drag draws a box, moves one, or pulls its edges; with Shift it draws on another. Arrows move the chosen one, with Ctrl they size it, with Shift further.</source>
   <translation>拖动可画框、移框或拉边；按住 Shift 可画在别的框上。方向键移动选中的框，按住 Ctrl 改大小，按住 Shift 移得更远。</translation>
  </message>
  <message>
   <source>Add</source>
   <translation>添加</translation>
  </message>
  <message>
   <source>Draw a box</source>
   <translation>画一个方框</translation>
  </message>
  <message>
   <source>Draw boxes</source>
   <translation>画方框</translation>
  </message>
  <message>
   <source>Letters to be read there</source>
   <translation>那里要写的字</translation>
  </message>
  <message>
   <source>Page Down chooses the next. Middle button moves, wheel zooms.</source>
   <translation>Page Down 选下一个。中键移动，滚轮缩放。</translation>
  </message>
  <message>
   <source>Redo</source>
   <translation>重做</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>移除</translation>
  </message>
  <message>
   <source>Remove all</source>
   <translation>全部移除</translation>
  </message>
  <message>
   <source>Set a point</source>
   <translation>设一个点</translation>
  </message>
  <message>
   <source>Set points</source>
   <translation>设点</translation>
  </message>
  <message>
   <source>Undo</source>
   <translation>撤销</translation>
  </message>
  <message>
   <source>What belongs there</source>
   <translation>那里是什么</translation>
  </message>
 </context>
 <context>
  <name>PlacesView</name>
  <message>
   <source>Image to draw on</source>
   <translation>要在其上画的图像</translation>
  </message>
 </context>
 <context>
  <name>Preview</name>
  <message>
   <source> · {0} images</source>
   <translation> · {0} 张图片</translation>
  </message>
  <message>
   <source> · {0} of {1}</source>
   <translation> · 第 {0} 张，共 {1} 张</translation>
  </message>
  <message>
   <source>Cannot write the image: {0}</source>
   <translation>无法写入图片：{0}</translation>
  </message>
  <message>
   <source>Copied: {0} × {1}</source>
   <translation>已复制：{0} × {1}</translation>
  </message>
  <message>
   <source>PNG (*.png)</source>
   <translation>PNG (*.png)</translation>
  </message>
  <message>
   <source>Save image</source>
   <translation>保存图片</translation>
  </message>
  <message>
   <source>The workflow has this seed already.</source>
   <translation>工作流已经使用这个种子。</translation>
  </message>
  <message>
   <source>This image is {0}</source>
   <translation>这张图像{0}</translation>
  </message>
  <message>
   <source>Use this seed</source>
   <translation>使用此种子</translation>
  </message>
  <message>
   <source>What the images are of</source>
   <translation>图像属于哪个状态</translation>
  </message>
  <message>
   <source>{0} · sampling</source>
   <translation>{0} · 采样中</translation>
  </message>
  <message>
   <source>{0} · {1}</source>
   <translation>{0} · {1}</translation>
  </message>
 </context>
 <context>
  <name>Problems</name>
  <message>
   <source>Find Missing Models…</source>
   <translation>查找缺少的模型…</translation>
  </message>
  <message>
   <source>One thing to put right before it can run</source>
   <translation>运行前需要解决 1 个问题</translation>
  </message>
  <message>
   <source>Problems</source>
   <translation>问题</translation>
  </message>
  <message>
   <source>{0} things to put right before it can run</source>
   <translation>运行前需要解决 {0} 个问题</translation>
  </message>
 </context>
 <context>
  <name>Properties</name>
  <message>
   <source>A wire gives this value.</source>
   <translation>此值由连线提供。</translation>
  </message>
  <message>
   <source>Draw on an image…</source>
   <translation>在图像上画…</translation>
  </message>
  <message>
   <source>Draw the curve…</source>
   <translation>绘制曲线…</translation>
  </message>
 </context>
 <context>
  <name>QueuePanel</name>
  <message>
   <source> · {0} left</source>
   <translation> · 剩余 {0}</translation>
  </message>
  <message>
   <source>Alt and arrows move a job, Delete takes it out</source>
   <translation>Alt 加方向键移动任务，Delete 移除任务</translation>
  </message>
  <message>
   <source>Clear</source>
   <translation>清空</translation>
  </message>
  <message>
   <source>Edit</source>
   <translation>编辑</translation>
  </message>
  <message>
   <source>How often</source>
   <translation>次数</translation>
  </message>
  <message>
   <source>Jobs</source>
   <translation>任务</translation>
  </message>
  <message>
   <source>Jobs that are over</source>
   <translation>已结束的任务</translation>
  </message>
  <message>
   <source>Nothing runs and nothing waits. Ctrl+Enter runs the workflow in front.</source>
   <translation>没有正在运行或等待的任务。按 Ctrl+Enter 运行当前工作流。</translation>
  </message>
  <message>
   <source>Pause</source>
   <translation>暂停</translation>
  </message>
  <message>
   <source>Put Back</source>
   <translation>放回</translation>
  </message>
  <message>
   <source>Put back what was taken out last (Ctrl+Z)</source>
   <translation>放回上次移出的任务（Ctrl+Z）</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>移除</translation>
  </message>
  <message>
   <source>Repeat</source>
   <translation>重复</translation>
  </message>
  <message>
   <source>Resume</source>
   <translation>继续</translation>
  </message>
  <message>
   <source>Run</source>
   <translation>运行</translation>
  </message>
  <message>
   <source>Run so often</source>
   <translation>运行指定次数</translation>
  </message>
  <message>
   <source>Run the chosen jobs once more, as they were</source>
   <translation>按原样再次运行所选任务</translation>
  </message>
  <message>
   <source>Take out all that waits</source>
   <translation>移除所有等待的任务</translation>
  </message>
  <message>
   <source>Take the job out and open its workflow; Run puts it into the queue again</source>
   <translation>移出任务并打开其工作流；按“运行”重新加入队列</translation>
  </message>
  <message>
   <source>{0} · left from last time</source>
   <translation>{0} · 上次留下的</translation>
  </message>
  <message>
   <source>{0} · paused</source>
   <translation>{0} · 已暂停</translation>
  </message>
  <message>
   <source>{0} · running</source>
   <translation>{0} · 正在运行</translation>
  </message>
  <message>
   <source>{0} · waiting</source>
   <translation>{0} · 等待中</translation>
  </message>
 </context>
 <context>
  <name>Recovery</name>
  <message>
   <source>Unsaved changes would be lost in a crash: {0} cannot be written ({1})</source>
   <translation>崩溃时会丢失未保存的更改：无法写入 {0}（{1}）</translation>
  </message>
 </context>
 <context>
  <name>RecoveryBar</name>
  <message>
   <source>Discard</source>
   <translation>放弃</translation>
  </message>
  <message>
   <source>Discard {0}</source>
   <translation>放弃 {0}</translation>
  </message>
  <message>
   <source>Restore</source>
   <translation>恢复</translation>
  </message>
  <message>
   <source>Restore {0}</source>
   <translation>恢复 {0}</translation>
  </message>
  <message>
   <source>nodeflow ended unexpectedly. Unsaved changes to {0} of {1} were kept.</source>
   <translation>nodeflow 意外退出。{0} 在 {1} 的未保存更改已保留。</translation>
  </message>
 </context>
 <context>
  <name>ResultNotes</name>
  <message>
   <source>What is shown is {0}</source>
   <translation>显示的内容{0}</translation>
  </message>
 </context>
 <context>
  <name>RunForecast</name>
  <message>
   <source>nothing would run again</source>
   <translation>没有需要重新运行的节点</translation>
  </message>
  <message>
   <source>up to {0} of {1} nodes would run</source>
   <translation>最多运行 {0} / {1} 个节点</translation>
  </message>
  <message>
   <source>{0} of {1} nodes would run</source>
   <translation>将运行 {0} / {1} 个节点</translation>
  </message>
  <message>
   <source>{0} would fail</source>
   <translation>{0} 个会失败</translation>
  </message>
  <message>
   <source>{0}, about {1}</source>
   <translation>{0}，约 {1}</translation>
  </message>
 </context>
 <context>
  <name>RunNotices</name>
  <message>
   <source>The command of the settings cannot be read: {0}</source>
   <translation>无法读取设置中的命令：{0}</translation>
  </message>
  <message>
   <source>The command of the settings cannot be started: {0}</source>
   <translation>无法启动设置中的命令：{0}</translation>
  </message>
  <message>
   <source>Untitled</source>
   <translation>未命名</translation>
  </message>
 </context>
 <context>
  <name>ScriptServer</name>
  <message>
   <source>what serves scripts is not installed; install it with: pip install 'nodeflow[serve]'</source>
   <translation>未安装为脚本提供服务的组件；请运行：pip install 'nodeflow[serve]'</translation>
  </message>
 </context>
 <context>
  <name>ScriptsPage</name>
  <message>
   <source>Address</source>
   <translation>地址</translation>
  </message>
  <message>
   <source>Copy</source>
   <translation>复制</translation>
  </message>
  <message>
   <source>Give it as the password, with any user name.</source>
   <translation>把它作为密码填写，用户名任意。</translation>
  </message>
  <message>
   <source>Let programs on this computer queue prompts</source>
   <translation>允许本机程序把提示任务加入队列</translation>
  </message>
  <message>
   <source>Off</source>
   <translation>已关闭</translation>
  </message>
  <message>
   <source>Port</source>
   <translation>端口</translation>
  </message>
  <message>
   <source>Through ComfyUI's interface, and only with the token. Nothing is reached from other computers.</source>
   <translation>通过 ComfyUI 的接口，且必须持有令牌。其他电脑无法访问。</translation>
  </message>
  <message>
   <source>Token</source>
   <translation>令牌</translation>
  </message>
 </context>
 <context>
  <name>Scrubber</name>
  <message>
   <source>Play the steps</source>
   <translation>播放各步</translation>
  </message>
  <message>
   <source>Step</source>
   <translation>步</translation>
  </message>
 </context>
 <context>
  <name>Seeds</name>
  <message>
   <source>Next Seed</source>
   <translation>下一个种子</translation>
  </message>
 </context>
 <context>
  <name>SettingsDialog</name>
  <message>
   <source>Engine</source>
   <translation>引擎</translation>
  </message>
  <message>
   <source>Files</source>
   <translation>文件</translation>
  </message>
  <message>
   <source>Keys</source>
   <translation>快捷键</translation>
  </message>
  <message>
   <source>Look</source>
   <translation>外观</translation>
  </message>
  <message>
   <source>Notices</source>
   <translation>提示</translation>
  </message>
  <message>
   <source>Pages of settings</source>
   <translation>设置页</translation>
  </message>
  <message>
   <source>Scripts</source>
   <translation>脚本</translation>
  </message>
  <message>
   <source>Settings</source>
   <translation>设置</translation>
  </message>
 </context>
 <context>
  <name>SettingsInForce</name>
  <message>
   <source>The settings could not be read and are the usual ones again. The old file lies at {0}.</source>
   <translation>设置无法读取，现已恢复为默认。旧文件在 {0}。</translation>
  </message>
 </context>
 <context>
  <name>SnippetCommands</name>
  <message>
   <source>Cannot keep the snippet: {0}</source>
   <translation>无法保存片段：{0}</translation>
  </message>
  <message>
   <source>Enter inserts it, Esc closes</source>
   <translation>回车插入，Esc 关闭</translation>
  </message>
  <message>
   <source>Insert {0}</source>
   <translation>插入 {0}</translation>
  </message>
  <message>
   <source>Kept as “{0}”.</source>
   <translation>已存为“{0}”。</translation>
  </message>
  <message>
   <source>Name of the snippet; one of the same name is replaced</source>
   <translation>片段名称；同名者将被替换</translation>
  </message>
  <message>
   <source>Save as Snippet</source>
   <translation>存为片段</translation>
  </message>
  <message>
   <source>Select nodes first, to keep them as a snippet.</source>
   <translation>请先选择节点，才能存为片段。</translation>
  </message>
  <message>
   <source>Which snippet?</source>
   <translation>哪个片段？</translation>
  </message>
  <message>
   <source>ready-made</source>
   <translation>现成</translation>
  </message>
  <message>
   <source>{0} cannot be read: {1}</source>
   <translation>无法读取 {0}：{1}</translation>
  </message>
  <message>
   <source>{0} is no snippet: {1}</source>
   <translation>{0} 不是片段：{1}</translation>
  </message>
  <message>
   <source>“{0}” cannot be the name of a file; use letters, digits and spaces.</source>
   <translation>“{0}”不能用作文件名；请用字母、数字和空格。</translation>
  </message>
 </context>
 <context>
  <name>StartPage</name>
  <message>
   <source>Back to {0}</source>
   <translation>回到 {0}</translation>
  </message>
  <message>
   <source>Did you mean {0}?</source>
   <translation>是不是要找：{0}？</translation>
  </message>
  <message>
   <source>Enter or a double click opens one, Ctrl+Enter runs it too. An image dropped here opens its workflow.</source>
   <translation>回车或双击打开，Ctrl+Enter 打开并运行。把图片拖到这里会打开它的工作流。</translation>
  </message>
  <message>
   <source>Files used last</source>
   <translation>最近使用的文件</translation>
  </message>
  <message>
   <source>Find a workflow</source>
   <translation>查找工作流</translation>
  </message>
  <message>
   <source>New workflow</source>
   <translation>新建工作流</translation>
  </message>
  <message>
   <source>No ready-made workflow is about that.</source>
   <translation>没有与此相关的现成工作流。</translation>
  </message>
  <message>
   <source>Open a file…</source>
   <translation>打开文件…</translation>
  </message>
  <message>
   <source>Ready-made workflows</source>
   <translation>现成的工作流</translation>
  </message>
  <message>
   <source>Short tour</source>
   <translation>简短导览</translation>
  </message>
  <message>
   <source>Start with a workflow</source>
   <translation>从工作流开始</translation>
  </message>
  <message>
   <source>Used last</source>
   <translation>最近使用</translation>
  </message>
  <message>
   <source>Workflows that you open or save will stand here.</source>
   <translation>打开或保存过的工作流会显示在这里。</translation>
  </message>
 </context>
 <context>
  <name>Status</name>
  <message>
   <source> · {0} left</source>
   <translation> · 剩余 {0}</translation>
  </message>
  <message>
   <source>, paused</source>
   <translation>，已暂停</translation>
  </message>
  <message>
   <source>1 download</source>
   <translation>1 个下载</translation>
  </message>
  <message>
   <source>Cancelled after {0}</source>
   <translation>已取消，用时 {0}</translation>
  </message>
  <message>
   <source>Done in {0}</source>
   <translation>完成，用时 {0}</translation>
  </message>
  <message>
   <source>Not kept on disk: {0}</source>
   <translation>未保存到磁盘：{0}</translation>
  </message>
  <message>
   <source>Not run: there is something to put right first</source>
   <translation>未运行：请先解决问题</translation>
  </message>
  <message>
   <source>Nothing is fetched from the net. Press to allow downloads that you ask for.</source>
   <translation>不会从网络获取任何内容。点击以允许您要求的下载。</translation>
  </message>
  <message>
   <source>Nothing would run: {0}</source>
   <translation>不会运行任何节点：{0}</translation>
  </message>
  <message>
   <source>Offline</source>
   <translation>离线</translation>
  </message>
  <message>
   <source>Online</source>
   <translation>在线</translation>
  </message>
  <message>
   <source>Programs on this computer may queue prompts here.</source>
   <translation>本机程序可以在此把提示任务加入队列。</translation>
  </message>
  <message>
   <source>Progress of the run</source>
   <translation>运行进度</translation>
  </message>
  <message>
   <source>Ready</source>
   <translation>就绪</translation>
  </message>
  <message>
   <source>Running</source>
   <translation>正在运行</translation>
  </message>
  <message>
   <source>Scripts are not served</source>
   <translation>未向脚本提供服务</translation>
  </message>
  <message>
   <source>Scripts at {0}</source>
   <translation>脚本服务 {0}</translation>
  </message>
  <message>
   <source>Stopped by an error after {0}</source>
   <translation>因错误停止，用时 {0}</translation>
  </message>
  <message>
   <source>The queue is paused: press Resume there</source>
   <translation>队列已暂停：请在队列中点“继续”</translation>
  </message>
  <message>
   <source>Waiting in the queue</source>
   <translation>在队列中等待</translation>
  </message>
  <message>
   <source>What is not kept on disk</source>
   <translation>未保存到磁盘的内容</translation>
  </message>
  <message>
   <source>What you ask for may be fetched from the net. Press to stay offline.</source>
   <translation>可以从网络获取您要求的内容。点击以保持离线。</translation>
  </message>
  <message>
   <source>Worker {0}: {1} GiB, keeps {2} processors busy</source>
   <translation>工作进程 {0}：{1} GiB，占用 {2} 个处理器核心</translation>
  </message>
  <message>
   <source>engine is starting</source>
   <translation>引擎正在启动</translation>
  </message>
  <message>
   <source>results</source>
   <translation>结果</translation>
  </message>
  <message>
   <source>the engine has not answered for {0}</source>
   <translation>引擎已有 {0} 没有响应</translation>
  </message>
  <message>
   <source>the node pack {0} has been importing for {1}</source>
   <translation>节点包 {0} 已导入 {1}</translation>
  </message>
  <message>
   <source>the queue</source>
   <translation>队列</translation>
  </message>
  <message>
   <source>unsaved changes</source>
   <translation>未保存的更改</translation>
  </message>
  <message>
   <source>{0} GiB free</source>
   <translation>可用 {0} GiB</translation>
  </message>
  <message>
   <source>{0} downloads</source>
   <translation>{0} 个下载</translation>
  </message>
  <message>
   <source>{0} workers</source>
   <translation>{0} 个工作进程</translation>
  </message>
 </context>
 <context>
  <name>StepTools</name>
  <message>
   <source>Go on from here with another…</source>
   <translation>从此处换用另一个…</translation>
  </message>
  <message>
   <source>Go on from step {0}</source>
   <translation>从第 {0} 步继续</translation>
  </message>
  <message>
   <source>Keep this image</source>
   <translation>保存此图片</translation>
  </message>
  <message>
   <source>Make a branch that shares the steps up to here and then goes its own way</source>
   <translation>创建一个分支：共用到此为止的各步，之后独立进行</translation>
  </message>
  <message>
   <source>Write the decoded image of this step into the output folder</source>
   <translation>将此步解码后的图片写入输出文件夹</translation>
  </message>
 </context>
 <context>
  <name>SweepDialog</name>
  <message>
   <source>And, if wanted</source>
   <translation>可再加一个</translation>
  </message>
  <message>
   <source>Each value is a run; two parameters make a grid. A labelled sheet comes to the gallery.</source>
   <translation>每个值运行一次；两个参数构成网格。带标签的总览图会出现在图库中。</translation>
  </message>
  <message>
   <source>First parameter</source>
   <translation>第一个参数</translation>
  </message>
  <message>
   <source>Name the values of a parameter.</source>
   <translation>请给出一个参数的取值。</translation>
  </message>
  <message>
   <source>Parameter</source>
   <translation>参数</translation>
  </message>
  <message>
   <source>Run</source>
   <translation>运行</translation>
  </message>
  <message>
   <source>Run a Sweep</source>
   <translation>参数扫描</translation>
  </message>
  <message>
   <source>Second parameter</source>
   <translation>第二个参数</translation>
  </message>
  <message>
   <source>Values</source>
   <translation>取值</translation>
  </message>
  <message>
   <source>{0} values, one run</source>
   <translation>{0} 个取值，一次运行</translation>
  </message>
 </context>
 <context>
  <name>SweepRuns</name>
  <message>
   <source>(empty)</source>
   <translation>（空）</translation>
  </message>
  <message>
   <source>Cannot write the sheet of the sweep: {0}</source>
   <translation>无法写入扫描总览图：{0}</translation>
  </message>
  <message>
   <source>failed</source>
   <translation>失败</translation>
  </message>
  <message>
   <source>not made</source>
   <translation>未生成</translation>
  </message>
 </context>
 <context>
  <name>TableView</name>
  <message>
   <source>Table</source>
   <translation>表格</translation>
  </message>
 </context>
 <context>
  <name>Tabs</name>
  <message>
   <source>Close this workflow</source>
   <translation>关闭此工作流</translation>
  </message>
  <message>
   <source>New workflow in a tab</source>
   <translation>在新标签页中新建工作流</translation>
  </message>
  <message>
   <source>Not saved yet</source>
   <translation>尚未保存</translation>
  </message>
  <message>
   <source>Open workflows</source>
   <translation>已打开的工作流</translation>
  </message>
 </context>
 <context>
  <name>TextView</name>
  <message>
   <source>Text</source>
   <translation>文本</translation>
  </message>
 </context>
 <context>
  <name>Toast</name>
  <message>
   <source>Message</source>
   <translation>消息</translation>
  </message>
 </context>
 <context>
  <name>TourCard</name>
  <message>
   <source>Back</source>
   <translation>上一步</translation>
  </message>
  <message>
   <source>Done</source>
   <translation>完成</translation>
  </message>
  <message>
   <source>Leave</source>
   <translation>离开</translation>
  </message>
  <message>
   <source>Next</source>
   <translation>下一步</translation>
  </message>
  <message>
   <source>Short tour</source>
   <translation>简短导览</translation>
  </message>
 </context>
 <context>
  <name>WatchedImages</name>
  <message>
   <source>The index of images cannot be kept: {0}</source>
   <translation>图像索引无法保存：{0}</translation>
  </message>
  <message>
   <source>The index of images was damaged. It lies now at {0}, and the images are read anew.</source>
   <translation>图像索引已损坏。它现在位于 {0}，图像会重新读取。</translation>
  </message>
 </context>
 <context>
  <name>WipeView</name>
  <message>
   <source>Two images, parted by a line</source>
   <translation>以分隔线对比的两张图片</translation>
  </message>
 </context>
 <context>
  <name>_Axis</name>
  <message>
   <source>1, 2, 5 or 1..5/9 for nine from 1 to 5</source>
   <translation>1, 2, 5，或 1..5/9（从 1 到 5 的九个数）</translation>
  </message>
  <message>
   <source>Values of {0}</source>
   <translation>{0}的取值</translation>
  </message>
  <message>
   <source>one, another, "with, comma"</source>
   <translation>一个, 另一个, "含, 逗号"</translation>
  </message>
 </context>
 <context>
  <name>nodeflow</name>
  <message>
   <source> · </source>
   <translation> · </translation>
  </message>
  <message>
   <source> · not known: {0}</source>
   <translation> · 不认识：{0}</translation>
  </message>
  <message>
   <source>&amp;Arrange</source>
   <translation>排列(&amp;A)</translation>
  </message>
  <message>
   <source>&amp;Edit</source>
   <translation>编辑(&amp;E)</translation>
  </message>
  <message>
   <source>&amp;File</source>
   <translation>文件(&amp;F)</translation>
  </message>
  <message>
   <source>&amp;Help</source>
   <translation>帮助(&amp;H)</translation>
  </message>
  <message>
   <source>&amp;Node</source>
   <translation>节点(&amp;N)</translation>
  </message>
  <message>
   <source>&amp;Run</source>
   <translation>运行(&amp;R)</translation>
  </message>
  <message>
   <source>&amp;View</source>
   <translation>视图(&amp;V)</translation>
  </message>
  <message>
   <source>+1</source>
   <translation>+1</translation>
  </message>
  <message>
   <source>, </source>
   <translation>，</translation>
  </message>
  <message>
   <source>, optional</source>
   <translation>，可选</translation>
  </message>
  <message>
   <source>, the end is cut off</source>
   <translation>，末尾会被截断</translation>
  </message>
  <message>
   <source>A LoRA changes how a model paints a text.</source>
   <translation>LoRA 改变模型画一段文本的方式。</translation>
  </message>
  <message>
   <source>A classifier that knows noisy images leads by its gradient (ADM-G).</source>
   <translation>认识带噪图片的分类器用梯度引导（ADM-G）。</translation>
  </message>
  <message>
   <source>A classifier's gradient, a ControlNet's residuals, the rank of a LoRA.</source>
   <translation>分类器的梯度，ControlNet 的残差，LoRA 的秩。</translation>
  </message>
  <message>
   <source>A codebook, how a place gets its code, and which code is likely next.</source>
   <translation>码本，一个位置怎样得到编码，下一个编码可能是哪个。</translation>
  </message>
  <message>
   <source>A field in the plane, and four ways along it from noise to data.</source>
   <translation>平面上的场，以及沿它从噪声到数据的四条路。</translation>
  </message>
  <message>
   <source>A prior goes from a text to the image's embedding; a decoder paints it.</source>
   <translation>先验模型从文字得到图片的嵌入，解码器把它画出来。</translation>
  </message>
  <message>
   <source>A small image of a class, and models that make it larger.</source>
   <translation>按类别画一张小图，再由几个模型逐级放大。</translation>
  </message>
  <message>
   <source>A style in a small file, added to the model by any strength.</source>
   <translation>一个小文件里的风格，以任意强度加到模型上。</translation>
  </message>
  <message>
   <source>A text becomes an image.</source>
   <translation>一段文本变成图像。</translation>
  </message>
  <message>
   <source>A text becomes an image. Each part is a node: text encoder, noise, scheduler, sampler, VAE.</source>
   <translation>文字变成图片。每一部分都是一个节点：文本编码器、噪声、调度器、采样器、VAE。</translation>
  </message>
  <message>
   <source>A training step</source>
   <translation>训练的一步</translation>
  </message>
  <message>
   <source>A transformer over patches of the latent, led by a class.</source>
   <translation>在潜变量图块上的 Transformer，由类别引导。</translation>
  </message>
  <message>
   <source>A workflow</source>
   <translation>工作流</translation>
  </message>
  <message>
   <source>Add Node…</source>
   <translation>添加节点…</translation>
  </message>
  <message>
   <source>Add Note</source>
   <translation>添加便签</translation>
  </message>
  <message>
   <source>Align</source>
   <translation>对齐</translation>
  </message>
  <message>
   <source>Align Bottom</source>
   <translation>底端对齐</translation>
  </message>
  <message>
   <source>Align Centre</source>
   <translation>水平居中对齐</translation>
  </message>
  <message>
   <source>Align Left</source>
   <translation>左对齐</translation>
  </message>
  <message>
   <source>Align Middle</source>
   <translation>垂直居中对齐</translation>
  </message>
  <message>
   <source>Align Right</source>
   <translation>右对齐</translation>
  </message>
  <message>
   <source>Align Top</source>
   <translation>顶端对齐</translation>
  </message>
  <message>
   <source>All codes of an image in a few rounds, the surest first (MaskGIT, aMUSEd).</source>
   <translation>几轮之内填满图片的所有编码，最有把握的先填（MaskGIT、aMUSEd）。</translation>
  </message>
  <message>
   <source>Alt+Drag a node</source>
   <translation>Alt+拖动节点</translation>
  </message>
  <message>
   <source>Alt+Shift+Drag across wires</source>
   <translation>Alt+Shift+拖过连线</translation>
  </message>
  <message>
   <source>An image and a text; how much may change.</source>
   <translation>一张图片和一段文字；可以改变多少。</translation>
  </message>
  <message>
   <source>An image drowns in noise step by step; how fast, the betas say.</source>
   <translation>图片一步步淹没在噪声中；快慢由 beta 决定。</translation>
  </message>
  <message>
   <source>An image grows beyond its border.</source>
   <translation>一张图长出自己的边界。</translation>
  </message>
  <message>
   <source>An image has no rows of numbers; export it as NPY.</source>
   <translation>图片没有数值行；请导出为 NPY。</translation>
  </message>
  <message>
   <source>An image in the place of a text: variations of it.</source>
   <translation>以图代文：画出它的变体。</translation>
  </message>
  <message>
   <source>An image is changed as a text says.</source>
   <translation>按文本所说改动一张图。</translation>
  </message>
  <message>
   <source>An image is taken apart into layers.</source>
   <translation>把一张图像拆成图层。</translation>
  </message>
  <message>
   <source>An image says beside a text what to paint.</source>
   <translation>图像与文本一起说明要画什么。</translation>
  </message>
  <message>
   <source>Another Seed</source>
   <translation>换一个种子</translation>
  </message>
  <message>
   <source>Another seed</source>
   <translation>换一个种子</translation>
  </message>
  <message>
   <source>As</source>
   <translation>形式</translation>
  </message>
  <message>
   <source>Attention to words</source>
   <translation>对词的注意力</translation>
  </message>
  <message>
   <source>Autoencoders</source>
   <translation>自编码器</translation>
  </message>
  <message>
   <source>Black and white</source>
   <translation>黑与白</translation>
  </message>
  <message>
   <source>Blue</source>
   <translation>蓝色</translation>
  </message>
  <message>
   <source>Both halves of CLIP's loss, classes from names, what text encoders tell apart.</source>
   <translation>CLIP 损失的两半，由名字得来的类别，文本编码器能区分什么。</translation>
  </message>
  <message>
   <source>Build on</source>
   <translation>继续搭建</translation>
  </message>
  <message>
   <source>Bypass</source>
   <translation>绕过</translation>
  </message>
  <message>
   <source>CLIP and T5</source>
   <translation>CLIP 与 T5</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>取消</translation>
  </message>
  <message>
   <source>Cannot write the image: {0}</source>
   <translation>无法写入图片：{0}</translation>
  </message>
  <message>
   <source>Cannot write {0}: {1}</source>
   <translation>无法写入 {0}：{1}</translation>
  </message>
  <message>
   <source>Captions</source>
   <translation>描述</translation>
  </message>
  <message>
   <source>Cascaded diffusion</source>
   <translation>级联扩散</translation>
  </message>
  <message>
   <source>Change and control</source>
   <translation>修改与控制</translation>
  </message>
  <message>
   <source>Change something</source>
   <translation>改一改</translation>
  </message>
  <message>
   <source>Channels</source>
   <translation>通道</translation>
  </message>
  <message>
   <source>Channels of a block</source>
   <translation>一块的各通道</translation>
  </message>
  <message>
   <source>Choose</source>
   <translation>选择</translation>
  </message>
  <message>
   <source>Choose a file</source>
   <translation>选择文件</translation>
  </message>
  <message>
   <source>Choose a folder</source>
   <translation>选择文件夹</translation>
  </message>
  <message>
   <source>Choose an image</source>
   <translation>选择图像</translation>
  </message>
  <message>
   <source>Classifier guidance</source>
   <translation>分类器引导</translation>
  </message>
  <message>
   <source>Click a row of a node to write another text or number. {0} takes any change back.</source>
   <translation>点击节点的一行，写入别的文字或数字。{0} 可撤销任何更改。</translation>
  </message>
  <message>
   <source>Click a value</source>
   <translation>单击参数值</translation>
  </message>
  <message>
   <source>Close</source>
   <translation>关闭</translation>
  </message>
  <message>
   <source>Coarse first, detail later</source>
   <translation>先粗后细</translation>
  </message>
  <message>
   <source>Code at a place</source>
   <translation>某处的编码</translation>
  </message>
  <message>
   <source>Codes of images</source>
   <translation>图像的编码</translation>
  </message>
  <message>
   <source>Collapse or Open</source>
   <translation>折叠或展开</translation>
  </message>
  <message>
   <source>Colours</source>
   <translation>颜色</translation>
  </message>
  <message>
   <source>Colour…</source>
   <translation>颜色…</translation>
  </message>
  <message>
   <source>Column</source>
   <translation>列</translation>
  </message>
  <message>
   <source>Compare</source>
   <translation>比较</translation>
  </message>
  <message>
   <source>Copy</source>
   <translation>复制</translation>
  </message>
  <message>
   <source>Ctrl+Enter</source>
   <translation>Ctrl+Enter</translation>
  </message>
  <message>
   <source>Ctrl+Enter: open it and run it</source>
   <translation>Ctrl+Enter：打开并运行</translation>
  </message>
  <message>
   <source>Curve</source>
   <translation>曲线</translation>
  </message>
  <message>
   <source>Curved ways, straight ways, and an exact density, on points.</source>
   <translation>点上的弯路、直路，以及精确的密度。</translation>
  </message>
  <message>
   <source>Curves</source>
   <translation>曲线</translation>
  </message>
  <message>
   <source>Cut</source>
   <translation>剪切</translation>
  </message>
  <message>
   <source>Decoded</source>
   <translation>解码后的图片</translation>
  </message>
  <message>
   <source>Delete</source>
   <translation>删除</translation>
  </message>
  <message>
   <source>Delete and Reconnect</source>
   <translation>删除并重新连接</translation>
  </message>
  <message>
   <source>Distribute</source>
   <translation>分布</translation>
  </message>
  <message>
   <source>Distribute Horizontally</source>
   <translation>水平等距分布</translation>
  </message>
  <message>
   <source>Distribute Vertically</source>
   <translation>垂直等距分布</translation>
  </message>
  <message>
   <source>Double click a name to change it, right click for more.</source>
   <translation>双击名称可修改，右击查看更多操作。</translation>
  </message>
  <message>
   <source>Double click a title</source>
   <translation>双击标题</translation>
  </message>
  <message>
   <source>Double click on empty canvas</source>
   <translation>双击画布空白处</translation>
  </message>
  <message>
   <source>Double click or Alt+Click a wire</source>
   <translation>双击或 Alt+单击连线</translation>
  </message>
  <message>
   <source>Double click to write</source>
   <translation>双击以书写</translation>
  </message>
  <message>
   <source>Download a Model…</source>
   <translation>下载模型…</translation>
  </message>
  <message>
   <source>Downloads</source>
   <translation>下载列表</translation>
  </message>
  <message>
   <source>Drag a node onto a wire</source>
   <translation>将节点拖到连线上</translation>
  </message>
  <message>
   <source>Drag a number</source>
   <translation>拖动数值</translation>
  </message>
  <message>
   <source>Drag from a port</source>
   <translation>从端口拖出</translation>
  </message>
  <message>
   <source>Drag on empty canvas</source>
   <translation>在画布空白处拖动</translation>
  </message>
  <message>
   <source>Drag the title of a frame</source>
   <translation>拖动分组框的标题</translation>
  </message>
  <message>
   <source>Draw a Place or a Curve…</source>
   <translation>绘制位置或曲线…</translation>
  </message>
  <message>
   <source>Draw…</source>
   <translation>画…</translation>
  </message>
  <message>
   <source>Drop an image here, or press to choose one</source>
   <translation>把图像拖到这里，或点击选择</translation>
  </message>
  <message>
   <source>Duplicate</source>
   <translation>创建副本</translation>
  </message>
  <message>
   <source>Duplicate with Wires</source>
   <translation>创建副本并保留连线</translation>
  </message>
  <message>
   <source>Each box is a part of the model, each wire carries what one part gives to the next. Drag the ground to move, turn the wheel or pinch to zoom; {0} shows everything.</source>
   <translation>每个方框是模型的一部分，每条连线把一部分的结果传给下一部分。拖动空白处平移，滚轮或双指捏合缩放；{0} 显示全部。</translation>
  </message>
  <message>
   <source>Edges of an image say where things are, a text what they are.</source>
   <translation>一张图的边缘说明东西在哪里，文本说明它们是什么。</translation>
  </message>
  <message>
   <source>Edges or a drawing say where things are.</source>
   <translation>用边缘或草图决定物体的位置。</translation>
  </message>
  <message>
   <source>Export</source>
   <translation>导出</translation>
  </message>
  <message>
   <source>Export…</source>
   <translation>导出…</translation>
  </message>
  <message>
   <source>Expose or Hide</source>
   <translation>公开或隐藏</translation>
  </message>
  <message>
   <source>F, A</source>
   <translation>F、A</translation>
  </message>
  <message>
   <source>Facts in short</source>
   <translation>信息摘要</translation>
  </message>
  <message>
   <source>Files</source>
   <translation>文件</translation>
  </message>
  <message>
   <source>File…</source>
   <translation>文件…</translation>
  </message>
  <message>
   <source>Find a Command…</source>
   <translation>查找命令…</translation>
  </message>
  <message>
   <source>Find the rest</source>
   <translation>其余的</translation>
  </message>
  <message>
   <source>Flow transformer</source>
   <translation>流 Transformer</translation>
  </message>
  <message>
   <source>Flows</source>
   <translation>流</translation>
  </message>
  <message>
   <source>Folder…</source>
   <translation>文件夹…</translation>
  </message>
  <message>
   <source>Forget Them</source>
   <translation>清除记录</translation>
  </message>
  <message>
   <source>Form</source>
   <translation>表单</translation>
  </message>
  <message>
   <source>Form in which it is shown</source>
   <translation>显示形式</translation>
  </message>
  <message>
   <source>Forward diffusion</source>
   <translation>前向扩散</translation>
  </message>
  <message>
   <source>Frame</source>
   <translation>分组框</translation>
  </message>
  <message>
   <source>Frame Selection</source>
   <translation>为所选节点加分组框</translation>
  </message>
  <message>
   <source>From noise to image with fresh noise at every step.</source>
   <translation>从噪声到图片，每一步都加入新的噪声。</translation>
  </message>
  <message>
   <source>Generator and discriminator on points: mode collapse, and a calm game.</source>
   <translation>点上的生成器与判别器：模式坍塌，和一场平稳的博弈。</translation>
  </message>
  <message>
   <source>Gives</source>
   <translation>输出</translation>
  </message>
  <message>
   <source>Go Down</source>
   <translation>向下移动选择</translation>
  </message>
  <message>
   <source>Go Left</source>
   <translation>向左移动选择</translation>
  </message>
  <message>
   <source>Go Right</source>
   <translation>向右移动选择</translation>
  </message>
  <message>
   <source>Go Up</source>
   <translation>向上移动选择</translation>
  </message>
  <message>
   <source>Green</source>
   <translation>绿色</translation>
  </message>
  <message>
   <source>Grey</source>
   <translation>灰色</translation>
  </message>
  <message>
   <source>Grid of codes</source>
   <translation>编码网格</translation>
  </message>
  <message>
   <source>Group into Subgraph</source>
   <translation>组合为子图</translation>
  </message>
  <message>
   <source>Guidance</source>
   <translation>引导</translation>
  </message>
  <message>
   <source>Guidance as arrows</source>
   <translation>用箭头看引导</translation>
  </message>
  <message>
   <source>Guidance without a classifier against CLIP's; inpainting by text.</source>
   <translation>无分类器引导与 CLIP 引导的比较；按文字修补图片。</translation>
  </message>
  <message>
   <source>Hash of the weights</source>
   <translation>权重哈希</translation>
  </message>
  <message>
   <source>Here it comes into being, step by step. Copy it, save it, or take its seed for the next run.</source>
   <translation>图像在这里一步步生成。可以复制、保存，或把它的种子用于下一次运行。</translation>
  </message>
  <message>
   <source>Hide what lies behind it</source>
   <translation>隐藏下层内容</translation>
  </message>
  <message>
   <source>How near images and texts are, as a matrix; the best of twenty-four.</source>
   <translation>图片与文字有多接近：一个矩阵；二十四张里最好的几张。</translation>
  </message>
  <message>
   <source>Image to image</source>
   <translation>图生图</translation>
  </message>
  <message>
   <source>Images ({0})</source>
   <translation>图像 ({0})</translation>
  </message>
  <message>
   <source>Images as grids of codes: look at them, count them, edit them.</source>
   <translation>图片成为编码网格：查看、统计、编辑。</translation>
  </message>
  <message>
   <source>Images become latents and come back; what lies between two of them.</source>
   <translation>图片变成潜变量再变回来；两张图片之间有什么。</translation>
  </message>
  <message>
   <source>Images made larger by diffusion, against networks that do it at once.</source>
   <translation>用扩散放大图片，与一步放大的网络比较。</translation>
  </message>
  <message>
   <source>Inpainting</source>
   <translation>局部重绘</translation>
  </message>
  <message>
   <source>Inputs</source>
   <translation>输入</translation>
  </message>
  <message>
   <source>Insert Snippet…</source>
   <translation>插入片段…</translation>
  </message>
  <message>
   <source>Keys and Pointer</source>
   <translation>快捷键与鼠标操作</translation>
  </message>
  <message>
   <source>Last run</source>
   <translation>上次运行</translation>
  </message>
  <message>
   <source>Latent diffusion</source>
   <translation>潜在扩散</translation>
  </message>
  <message>
   <source>Latent diffusion that listens to OpenCLIP's text encoder.</source>
   <translation>使用 OpenCLIP 文本编码器的潜在扩散。</translation>
  </message>
  <message>
   <source>Lay Wire…</source>
   <translation>连线…</translation>
  </message>
  <message>
   <source>Layer</source>
   <translation>层</translation>
  </message>
  <message>
   <source>Lead a wire from an output to here to expose it.</source>
   <translation>将输出连线到此处即可公开它。</translation>
  </message>
  <message>
   <source>Lead a wire from here to an input or a parameter to expose it.</source>
   <translation>从此处连线到输入或参数即可公开它。</translation>
  </message>
  <message>
   <source>Leave Subgraph</source>
   <translation>退出子图</translation>
  </message>
  <message>
   <source>Likeness</source>
   <translation>相似度</translation>
  </message>
  <message>
   <source>Likeness of tokens</source>
   <translation>词元相似度</translation>
  </message>
  <message>
   <source>Likeness to the texts (CLIP)</source>
   <translation>与文本的相似度（CLIP）</translation>
  </message>
  <message>
   <source>Logarithm</source>
   <translation>对数</translation>
  </message>
  <message>
   <source>Look inside</source>
   <translation>看看里面</translation>
  </message>
  <message>
   <source>M, B</source>
   <translation>M、B</translation>
  </message>
  <message>
   <source>Make Unique</source>
   <translation>设为独立副本</translation>
  </message>
  <message>
   <source>Masked tokens</source>
   <translation>掩码词元</translation>
  </message>
  <message>
   <source>Middle button, Space</source>
   <translation>鼠标中键、空格键</translation>
  </message>
  <message>
   <source>Minimap</source>
   <translation>缩略图</translation>
  </message>
  <message>
   <source>Models ({0});;All files (*)</source>
   <translation>模型 ({0});;所有文件 (*)</translation>
  </message>
  <message>
   <source>More</source>
   <translation>更多</translation>
  </message>
  <message>
   <source>Move</source>
   <translation>移动</translation>
  </message>
  <message>
   <source>Move Down</source>
   <translation>下移</translation>
  </message>
  <message>
   <source>Move Left</source>
   <translation>左移</translation>
  </message>
  <message>
   <source>Move Right</source>
   <translation>右移</translation>
  </message>
  <message>
   <source>Move Up</source>
   <translation>上移</translation>
  </message>
  <message>
   <source>Mute</source>
   <translation>停用</translation>
  </message>
  <message>
   <source>My own, one a line</source>
   <translation>自己的描述，每行一条</translation>
  </message>
  <message>
   <source>NaN</source>
   <translation>NaN</translation>
  </message>
  <message>
   <source>Nearest captions</source>
   <translation>最接近的描述</translation>
  </message>
  <message>
   <source>Network</source>
   <translation>网络</translation>
  </message>
  <message>
   <source>Networks</source>
   <translation>网络</translation>
  </message>
  <message>
   <source>New</source>
   <translation>新建</translation>
  </message>
  <message>
   <source>Next Panel</source>
   <translation>下一个面板</translation>
  </message>
  <message>
   <source>Next Tab</source>
   <translation>下一个标签页</translation>
  </message>
  <message>
   <source>None</source>
   <translation>无</translation>
  </message>
  <message>
   <source>Norm of each token</source>
   <translation>每个词元的范数</translation>
  </message>
  <message>
   <source>Nothing of this workflow runs or waits.</source>
   <translation>此工作流没有正在运行或等待的任务。</translation>
  </message>
  <message>
   <source>Now: {0}</source>
   <translation>当前：{0}</translation>
  </message>
  <message>
   <source>Numbers</source>
   <translation>数值</translation>
  </message>
  <message>
   <source>Of</source>
   <translation>对象</translation>
  </message>
  <message>
   <source>One pass from noise to image, with an eye on each word.</source>
   <translation>从噪声到图片只需一次，同时看着每个词。</translation>
  </message>
  <message>
   <source>One place over all steps</source>
   <translation>某处在所有步的变化</translation>
  </message>
  <message>
   <source>One transformer writes words, then image codes; CLIP ranks them.</source>
   <translation>一个 Transformer 先写文字，再写图片编码；由 CLIP 排序。</translation>
  </message>
  <message>
   <source>Only what lies under a mask is painted anew.</source>
   <translation>只重画遮罩下面的部分。</translation>
  </message>
  <message>
   <source>Open Recent</source>
   <translation>最近打开</translation>
  </message>
  <message>
   <source>Open Subgraph</source>
   <translation>打开子图</translation>
  </message>
  <message>
   <source>Open a workflow first: this acts on its canvas.</source>
   <translation>请先打开一个工作流：此操作作用于其画布。</translation>
  </message>
  <message>
   <source>Open from Clipboard</source>
   <translation>从剪贴板打开</translation>
  </message>
  <message>
   <source>Open or Edit Values</source>
   <translation>打开或编辑参数</translation>
  </message>
  <message>
   <source>Open…</source>
   <translation>打开…</translation>
  </message>
  <message>
   <source>Orange</source>
   <translation>橙色</translation>
  </message>
  <message>
   <source>Order</source>
   <translation>顺序</translation>
  </message>
  <message>
   <source>Other ways from a text to an image</source>
   <translation>从文字到图片的其他途径</translation>
  </message>
  <message>
   <source>Output of the node</source>
   <translation>节点的输出</translation>
  </message>
  <message>
   <source>Outputs</source>
   <translation>输出</translation>
  </message>
  <message>
   <source>Over the whole window</source>
   <translation>铺满整个窗口</translation>
  </message>
  <message>
   <source>Over the whole window, and back (Esc)</source>
   <translation>铺满整个窗口，再按（Esc）返回</translation>
  </message>
  <message>
   <source>Paint…</source>
   <translation>绘制…</translation>
  </message>
  <message>
   <source>Panel over the Whole Window</source>
   <translation>面板铺满窗口</translation>
  </message>
  <message>
   <source>Parameters</source>
   <translation>参数</translation>
  </message>
  <message>
   <source>Parts</source>
   <translation>组成部分</translation>
  </message>
  <message>
   <source>Paste</source>
   <translation>粘贴</translation>
  </message>
  <message>
   <source>Picture</source>
   <translation>图片</translation>
  </message>
  <message>
   <source>Pin or Unpin</source>
   <translation>固定或取消固定</translation>
  </message>
  <message>
   <source>Pink</source>
   <translation>粉色</translation>
  </message>
  <message>
   <source>Plain, variational, denoising and masked, trained live; what a VAE's latent is a draw from.</source>
   <translation>普通、变分、去噪与掩码，当场训练；VAE 的潜变量从什么分布抽取。</translation>
  </message>
  <message>
   <source>Pointer</source>
   <translation>鼠标</translation>
  </message>
  <message>
   <source>Prediction of</source>
   <translation>预测的是</translation>
  </message>
  <message>
   <source>Press Tab or double click to add a node.
Drop a workflow or an image here to open it.</source>
   <translation>按 Tab 键或双击可添加节点。
把工作流或图片拖到这里即可打开。</translation>
  </message>
  <message>
   <source>Previous Panel</source>
   <translation>上一个面板</translation>
  </message>
  <message>
   <source>Previous Tab</source>
   <translation>上一个标签页</translation>
  </message>
  <message>
   <source>Purple</source>
   <translation>紫色</translation>
  </message>
  <message>
   <source>Quit</source>
   <translation>退出</translation>
  </message>
  <message>
   <source>Red</source>
   <translation>红色</translation>
  </message>
  <message>
   <source>Red, green, blue</source>
   <translation>红、绿、蓝</translation>
  </message>
  <message>
   <source>Redo</source>
   <translation>重做</translation>
  </message>
  <message>
   <source>Region (0 is all)</source>
   <translation>区域（0 为全部）</translation>
  </message>
  <message>
   <source>Regions</source>
   <translation>区域</translation>
  </message>
  <message>
   <source>Regions as a list</source>
   <translation>区域列表</translation>
  </message>
  <message>
   <source>Remove Unused Subgraphs</source>
   <translation>移除未使用的子图</translation>
  </message>
  <message>
   <source>Rename</source>
   <translation>重命名</translation>
  </message>
  <message>
   <source>Revert</source>
   <translation>还原</translation>
  </message>
  <message>
   <source>Row</source>
   <translation>行</translation>
  </message>
  <message>
   <source>Run</source>
   <translation>运行</translation>
  </message>
  <message>
   <source>Run a Sweep…</source>
   <translation>参数扫描…</translation>
  </message>
  <message>
   <source>Run it</source>
   <translation>运行</translation>
  </message>
  <message>
   <source>Run to Selection</source>
   <translation>运行到所选节点</translation>
  </message>
  <message>
   <source>Samplers compared</source>
   <translation>采样器比较</translation>
  </message>
  <message>
   <source>Save</source>
   <translation>保存</translation>
  </message>
  <message>
   <source>Save As…</source>
   <translation>另存为…</translation>
  </message>
  <message>
   <source>Save as Snippet…</source>
   <translation>存为片段…</translation>
  </message>
  <message>
   <source>Save to Library</source>
   <translation>保存到节点库</translation>
  </message>
  <message>
   <source>Score and Langevin</source>
   <translation>得分与朗之万</translation>
  </message>
  <message>
   <source>Scores</source>
   <translation>得分</translation>
  </message>
  <message>
   <source>Search ports</source>
   <translation>搜索端口</translation>
  </message>
  <message>
   <source>Seed After Each Run</source>
   <translation>每次运行后的种子</translation>
  </message>
  <message>
   <source>Seen from inside</source>
   <translation>看进内部</translation>
  </message>
  <message>
   <source>Select All</source>
   <translation>全选</translation>
  </message>
  <message>
   <source>Select a node first.</source>
   <translation>请先选择一个节点。</translation>
  </message>
  <message>
   <source>Select a node that has a seed first.</source>
   <translation>请先选择一个有种子的节点。</translation>
  </message>
  <message>
   <source>Select a node to read what it does.</source>
   <translation>选择一个节点以查看其说明。</translation>
  </message>
  <message>
   <source>Select a node: the inspector shows what flows through it, such as the latent at every step.</source>
   <translation>选择一个节点：检查器显示流经它的内容，例如每一步的潜变量。</translation>
  </message>
  <message>
   <source>Select a subgraph first.</source>
   <translation>请先选择一个子图。</translation>
  </message>
  <message>
   <source>Select one node first.</source>
   <translation>请先选择一个节点（只选一个）。</translation>
  </message>
  <message>
   <source>Select one node of which a place or a curve is drawn first.</source>
   <translation>请先选择一个可绘制位置或曲线的节点。</translation>
  </message>
  <message>
   <source>Select one node to start a wire from.</source>
   <translation>请选择一个节点作为连线起点。</translation>
  </message>
  <message>
   <source>Select one node, frame or note first.</source>
   <translation>请先选择一个节点、框或便签。</translation>
  </message>
  <message>
   <source>Select something first.</source>
   <translation>请先进行选择。</translation>
  </message>
  <message>
   <source>Select three or more first.</source>
   <translation>请先选择至少三个。</translation>
  </message>
  <message>
   <source>Select two or more first.</source>
   <translation>请先选择至少两个。</translation>
  </message>
  <message>
   <source>Settings…</source>
   <translation>设置…</translation>
  </message>
  <message>
   <source>Short Tour</source>
   <translation>简短导览</translation>
  </message>
  <message>
   <source>Show All</source>
   <translation>显示全部</translation>
  </message>
  <message>
   <source>Show Selection</source>
   <translation>显示所选</translation>
  </message>
  <message>
   <source>Show in the Form…</source>
   <translation>显示在表单中…</translation>
  </message>
  <message>
   <source>Show it together with another run or another step</source>
   <translation>与另一次运行或另一步一起显示</translation>
  </message>
  <message>
   <source>Sigmas</source>
   <translation>Sigma</translation>
  </message>
  <message>
   <source>Signal to noise</source>
   <translation>信噪比</translation>
  </message>
  <message>
   <source>Size as Needed</source>
   <translation>恢复所需大小</translation>
  </message>
  <message>
   <source>Soft edges, depth, pose</source>
   <translation>软边缘、深度与姿态</translation>
  </message>
  <message>
   <source>Start</source>
   <translation>开始</translation>
  </message>
  <message>
   <source>Start here</source>
   <translation>从这里开始</translation>
  </message>
  <message>
   <source>Step</source>
   <translation>步</translation>
  </message>
  <message>
   <source>Steps</source>
   <translation>步</translation>
  </message>
  <message>
   <source>Straight ways from noise to image, as in Stable Diffusion 3 and FLUX.</source>
   <translation>从噪声到图片的直线路径，如 Stable Diffusion 3 和 FLUX。</translation>
  </message>
  <message>
   <source>Super-resolution</source>
   <translation>超分辨率</translation>
  </message>
  <message>
   <source>Systems of the field</source>
   <translation>经典系统</translation>
  </message>
  <message>
   <source>T5 reads the text; a small image is made larger twice.</source>
   <translation>T5 读文字；一张小图被放大两次。</translation>
  </message>
  <message>
   <source>Tab, double click</source>
   <translation>Tab、双击</translation>
  </message>
  <message>
   <source>Takes</source>
   <translation>输入</translation>
  </message>
  <message>
   <source>Teal</source>
   <translation>青色</translation>
  </message>
  <message>
   <source>Text GAN</source>
   <translation>文本 GAN</translation>
  </message>
  <message>
   <source>That run did not have this value.</source>
   <translation>那次运行没有这个值。</translation>
  </message>
  <message>
   <source>The game of a GAN</source>
   <translation>GAN 的博弈</translation>
  </message>
  <message>
   <source>The image</source>
   <translation>图像</translation>
  </message>
  <message>
   <source>There are no nodes yet. Tab on the canvas adds one.</source>
   <translation>还没有节点。在画布上按 Tab 添加。</translation>
  </message>
  <message>
   <source>This acts inside a subgraph: open one first.</source>
   <translation>此操作在子图内部进行：请先打开一个子图。</translation>
  </message>
  <message>
   <source>This is no number: {0}</source>
   <translation>这不是数值：{0}</translation>
  </message>
  <message>
   <source>This node comes from the pack {0!r}, which is not installed.</source>
   <translation>此节点来自未安装的节点包 {0!r}。</translation>
  </message>
  <message>
   <source>This workflow was not read from a file.</source>
   <translation>此工作流不是从文件读取的。</translation>
  </message>
  <message>
   <source>Three more images of control, each of which says less than the one before.</source>
   <translation>另外三种控制图，后一种比前一种说得更少。</translation>
  </message>
  <message>
   <source>Thresholded share</source>
   <translation>阈值化的比例</translation>
  </message>
  <message>
   <source>Tidy</source>
   <translation>整理布局</translation>
  </message>
  <message>
   <source>Tiles</source>
   <translation>拼图</translation>
  </message>
  <message>
   <source>Time, text and patches are tokens of one row.</source>
   <translation>时间、文字和图块都是同一序列中的词元。</translation>
  </message>
  <message>
   <source>Timesteps</source>
   <translation>时间步</translation>
  </message>
  <message>
   <source>Tokens</source>
   <translation>词元</translation>
  </message>
  <message>
   <source>Tools</source>
   <translation>工具</translation>
  </message>
  <message>
   <source>Transformers</source>
   <translation>Transformer</translation>
  </message>
  <message>
   <source>True noise against predicted, the loss over t, time as a vector; a network learns live.</source>
   <translation>真实噪声对预测噪声，损失随 t 的变化，作为向量的时间；一个网络当场学习。</translation>
  </message>
  <message>
   <source>Two samplers on one schedule, side by side, and their error over the number of steps.</source>
   <translation>同一调度上的两个采样器并排，以及误差随步数的变化。</translation>
  </message>
  <message>
   <source>Two texts tell a model how to change a given image.</source>
   <translation>两段文字告诉模型怎样改变一张图片。</translation>
  </message>
  <message>
   <source>U-Net, DiT, U-ViT and MMDiT drawn as they are: features, parameters and time of each block.</source>
   <translation>照本来面目画出 U-Net、DiT、U-ViT 与 MMDiT：各块的特征、参数与时间。</translation>
  </message>
  <message>
   <source>Undo</source>
   <translation>撤销</translation>
  </message>
  <message>
   <source>Ungroup</source>
   <translation>解散子图</translation>
  </message>
  <message>
   <source>Use of the codebook</source>
   <translation>码本使用情况</translation>
  </message>
  <message>
   <source>Use “{0}”</source>
   <translation>使用“{0}”</translation>
  </message>
  <message>
   <source>Value</source>
   <translation>值</translation>
  </message>
  <message>
   <source>Values at a place</source>
   <translation>某处的值</translation>
  </message>
  <message>
   <source>Values at the pointer</source>
   <translation>指针处的数值</translation>
  </message>
  <message>
   <source>Values beyond 1</source>
   <translation>超出 1 的值</translation>
  </message>
  <message>
   <source>What</source>
   <translation>内容</translation>
  </message>
  <message>
   <source>What comes into the subgraph</source>
   <translation>进入子图的内容</translation>
  </message>
  <message>
   <source>What it is made of</source>
   <translation>组成部分</translation>
  </message>
  <message>
   <source>What leads</source>
   <translation>引导之物</translation>
  </message>
  <message>
   <source>What lies behind it</source>
   <translation>下层内容</translation>
  </message>
  <message>
   <source>What should be known of its result</source>
   <translation>关于其结果应知道的</translation>
  </message>
  <message>
   <source>What the subgraph gives</source>
   <translation>子图的输出</translation>
  </message>
  <message>
   <source>Wheel</source>
   <translation>滚轮</translation>
  </message>
  <message>
   <source>Where a place looks</source>
   <translation>某处注视何处</translation>
  </message>
  <message>
   <source>Where the wire of {0} ends</source>
   <translation>{0} 的连线连到哪里</translation>
  </message>
  <message>
   <source>Where the wire starts</source>
   <translation>连线从哪里开始</translation>
  </message>
  <message>
   <source>Without fresh noise: from an image back to its noise, and between two noises.</source>
   <translation>不加新噪声：从图片回到它的噪声，以及两个噪声之间。</translation>
  </message>
  <message>
   <source>Word</source>
   <translation>词</translation>
  </message>
  <message>
   <source>Words that a place looks at</source>
   <translation>某处注视的词</translation>
  </message>
  <message>
   <source>Written: {0}</source>
   <translation>已写入：{0}</translation>
  </message>
  <message>
   <source>Yellow</source>
   <translation>黄色</translation>
  </message>
  <message>
   <source>Your models</source>
   <translation>你的模型</translation>
  </message>
  <message>
   <source>Zoom In</source>
   <translation>放大</translation>
  </message>
  <message>
   <source>Zoom Out</source>
   <translation>缩小</translation>
  </message>
  <message>
   <source>a .safetensors or .gguf file, or an older one to be converted</source>
   <translation>.safetensors 或 .gguf 文件，或待转换的旧格式文件</translation>
  </message>
  <message>
   <source>a model in the layout of diffusers</source>
   <translation>diffusers 格式的模型</translation>
  </message>
  <message>
   <source>a path or a name, as it is typed</source>
   <translation>按输入的路径或名称</translation>
  </message>
  <message>
   <source>a repository of the Hugging Face hub</source>
   <translation>Hugging Face hub 上的仓库</translation>
  </message>
  <message>
   <source>about {0} tokens</source>
   <translation>约 {0} 个词元</translation>
  </message>
  <message>
   <source>across it</source>
   <translation>与之垂直</translation>
  </message>
  <message>
   <source>add a dot that leads the wire around</source>
   <translation>添加转接点，让连线绕行</translation>
  </message>
  <message>
   <source>add a node</source>
   <translation>添加节点</translation>
  </message>
  <message>
   <source>all</source>
   <translation>全部</translation>
  </message>
  <message>
   <source>all images</source>
   <translation>所有图片</translation>
  </message>
  <message>
   <source>all layers</source>
   <translation>全部层</translation>
  </message>
  <message>
   <source>all steps</source>
   <translation>全部步</translation>
  </message>
  <message>
   <source>along what the text makes of a difference</source>
   <translation>沿文本带来的差别</translation>
  </message>
  <message>
   <source>and {0} more tensors</source>
   <translation>以及另外 {0} 个张量</translation>
  </message>
  <message>
   <source>as the network gives it</source>
   <translation>网络的原始输出</translation>
  </message>
  <message>
   <source>beyond -1 to 1</source>
   <translation>超出 -1 到 1</translation>
  </message>
  <message>
   <source>black {0:.3g}, white {1:.3g}</source>
   <translation>黑 {0:.3g}，白 {1:.3g}</translation>
  </message>
  <message>
   <source>by number</source>
   <translation>按编号</translation>
  </message>
  <message>
   <source>bypassed</source>
   <translation>已绕过</translation>
  </message>
  <message>
   <source>cancelled after {0}</source>
   <translation>{0} 后取消</translation>
  </message>
  <message>
   <source>cannot be read</source>
   <translation>无法读取</translation>
  </message>
  <message>
   <source>caption</source>
   <translation>描述</translation>
  </message>
  <message>
   <source>change from step to step</source>
   <translation>逐步变化</translation>
  </message>
  <message>
   <source>change it; Shift fine, Ctrl coarse</source>
   <translation>修改数值；Shift 精细，Ctrl 粗略</translation>
  </message>
  <message>
   <source>changed since</source>
   <translation>之后有更改</translation>
  </message>
  <message>
   <source>channel</source>
   <translation>通道</translation>
  </message>
  <message>
   <source>channels</source>
   <translation>通道</translation>
  </message>
  <message>
   <source>coarse</source>
   <translation>粗略</translation>
  </message>
  <message>
   <source>code</source>
   <translation>编码</translation>
  </message>
  <message>
   <source>colours</source>
   <translation>颜色</translation>
  </message>
  <message>
   <source>compared with {0}</source>
   <translation>对比：{0}</translation>
  </message>
  <message>
   <source>computed in tiles</source>
   <translation>分块计算</translation>
  </message>
  <message>
   <source>conditional</source>
   <translation>有条件预测</translation>
  </message>
  <message>
   <source>cosine</source>
   <translation>余弦</translation>
  </message>
  <message>
   <source>cosine similarity</source>
   <translation>余弦相似度</translation>
  </message>
  <message>
   <source>count</source>
   <translation>数量</translation>
  </message>
  <message>
   <source>cut off</source>
   <translation>被截断</translation>
  </message>
  <message>
   <source>cut them</source>
   <translation>切断连线</translation>
  </message>
  <message>
   <source>decoded</source>
   <translation>解码</translation>
  </message>
  <message>
   <source>default</source>
   <translation>默认</translation>
  </message>
  <message>
   <source>deviation</source>
   <translation>标准差</translation>
  </message>
  <message>
   <source>device</source>
   <translation>设备</translation>
  </message>
  <message>
   <source>difference</source>
   <translation>差异</translation>
  </message>
  <message>
   <source>dim {0:.3g}, glowing {1:.3g}</source>
   <translation>暗 {0:.3g}，亮 {1:.3g}</translation>
  </message>
  <message>
   <source>done</source>
   <translation>完成</translation>
  </message>
  <message>
   <source>done in {0}</source>
   <translation>用时 {0}</translation>
  </message>
  <message>
   <source>drawn: {0}</source>
   <translation>已画：{0}</translation>
  </message>
  <message>
   <source>each channel's own</source>
   <translation>各通道自己的</translation>
  </message>
  <message>
   <source>each tile's own</source>
   <translation>各块自己的</translation>
  </message>
  <message>
   <source>edit it</source>
   <translation>编辑</translation>
  </message>
  <message>
   <source>edit it; drag a number to change it</source>
   <translation>编辑；拖动数值可修改</translation>
  </message>
  <message>
   <source>empty</source>
   <translation>空</translation>
  </message>
  <message>
   <source>expose…</source>
   <translation>公开…</translation>
  </message>
  <message>
   <source>failed</source>
   <translation>失败</translation>
  </message>
  <message>
   <source>failed: {0}</source>
   <translation>失败：{0}</translation>
  </message>
  <message>
   <source>fetched block by block</source>
   <translation>逐块取入</translation>
  </message>
  <message>
   <source>fetched layer by layer</source>
   <translation>逐层取入</translation>
  </message>
  <message>
   <source>field</source>
   <translation>字段</translation>
  </message>
  <message>
   <source>file</source>
   <translation>文件</translation>
  </message>
  <message>
   <source>fine</source>
   <translation>细节</translation>
  </message>
  <message>
   <source>fixed</source>
   <translation>固定</translation>
  </message>
  <message>
   <source>from before: changed since</source>
   <translation>是之前的：此后有改动</translation>
  </message>
  <message>
   <source>from before: it failed</source>
   <translation>是之前的：该节点失败了</translation>
  </message>
  <message>
   <source>from before: it runs now</source>
   <translation>是之前的：正在运行</translation>
  </message>
  <message>
   <source>from before: it waits to run</source>
   <translation>是之前的：等待运行</translation>
  </message>
  <message>
   <source>from before: it was skipped</source>
   <translation>是之前的：该节点被跳过</translation>
  </message>
  <message>
   <source>from cache</source>
   <translation>来自缓存</translation>
  </message>
  <message>
   <source>from wire</source>
   <translation>来自连线</translation>
  </message>
  <message>
   <source>gone</source>
   <translation>已不存在</translation>
  </message>
  <message>
   <source>guided</source>
   <translation>引导后</translation>
  </message>
  <message>
   <source>guided prediction</source>
   <translation>引导后的预测</translation>
  </message>
  <message>
   <source>infinite</source>
   <translation>无穷</translation>
  </message>
  <message>
   <source>input</source>
   <translation>输入</translation>
  </message>
  <message>
   <source>kind</source>
   <translation>类型</translation>
  </message>
  <message>
   <source>largest difference</source>
   <translation>最大差异</translation>
  </message>
  <message>
   <source>lay a wire; on empty canvas: search what fits</source>
   <translation>连线；拖到空白处可搜索合适的节点</translation>
  </message>
  <message>
   <source>learned variance</source>
   <translation>学到的方差</translation>
  </message>
  <message>
   <source>log10 of sigma</source>
   <translation>sigma 的 log10</translation>
  </message>
  <message>
   <source>maximum</source>
   <translation>最大值</translation>
  </message>
  <message>
   <source>mean</source>
   <translation>均值</translation>
  </message>
  <message>
   <source>middle</source>
   <translation>中等</translation>
  </message>
  <message>
   <source>minimum</source>
   <translation>最小值</translation>
  </message>
  <message>
   <source>move it with what lies in it</source>
   <translation>连同其中的内容一起移动</translation>
  </message>
  <message>
   <source>move the canvas</source>
   <translation>移动画布</translation>
  </message>
  <message>
   <source>mute, bypass</source>
   <translation>停用、绕过</translation>
  </message>
  <message>
   <source>muted</source>
   <translation>已停用</translation>
  </message>
  <message>
   <source>my own</source>
   <translation>自己的</translation>
  </message>
  <message>
   <source>needs a wire</source>
   <translation>需要连线</translation>
  </message>
  <message>
   <source>new node</source>
   <translation>新节点</translation>
  </message>
  <message>
   <source>no</source>
   <translation>否</translation>
  </message>
  <message>
   <source>no CLIP that fits is in memory; add the node Load CLIP, run it, and look again</source>
   <translation>内存中没有合适的 CLIP；请添加“加载 CLIP”节点，运行后再看</translation>
  </message>
  <message>
   <source>no VAE for these latents is in memory; run to the node that loads one, then look again</source>
   <translation>内存中没有适用于这些潜变量的 VAE；请先运行到加载它的节点，再来查看</translation>
  </message>
  <message>
   <source>no VAE is in memory: colours without meaning</source>
   <translation>内存中没有 VAE：颜色没有含义</translation>
  </message>
  <message>
   <source>no block is drawn at this place; point at a box</source>
   <translation>这个位置没有画块；请指向一个方框</translation>
  </message>
  <message>
   <source>no input of {0!r} takes {1}</source>
   <translation>{0!r} 没有接受 {1} 的输入</translation>
  </message>
  <message>
   <source>no steps were recorded; set record of the sampler to steps, and run it again</source>
   <translation>没有记录步骤；请把采样器的“记录”设为 steps，然后重新运行</translation>
  </message>
  <message>
   <source>noise (epsilon)</source>
   <translation>噪声 (epsilon)</translation>
  </message>
  <message>
   <source>norm</source>
   <translation>范数</translation>
  </message>
  <message>
   <source>not installed</source>
   <translation>未安装</translation>
  </message>
  <message>
   <source>number</source>
   <translation>编号</translation>
  </message>
  <message>
   <source>one by one</source>
   <translation>逐步</translation>
  </message>
  <message>
   <source>one number</source>
   <translation>单个数值</translation>
  </message>
  <message>
   <source>one of {0}</source>
   <translation>{0} 之一</translation>
  </message>
  <message>
   <source>only what has steps can be an animation; choose the form Steps</source>
   <translation>只有带步骤的值才能做成动画；请选择“步骤”形式</translation>
  </message>
  <message>
   <source>output</source>
   <translation>输出</translation>
  </message>
  <message>
   <source>painted, {0} × {1}</source>
   <translation>已绘制，{0} × {1}</translation>
  </message>
  <message>
   <source>parameters</source>
   <translation>参数量</translation>
  </message>
  <message>
   <source>part</source>
   <translation>部分</translation>
  </message>
  <message>
   <source>place</source>
   <translation>位置</translation>
  </message>
  <message>
   <source>precision</source>
   <translation>精度</translation>
  </message>
  <message>
   <source>predicted x_0</source>
   <translation>预测的 x_0</translation>
  </message>
  <message>
   <source>pull it out of its wires</source>
   <translation>将其从连线中取出</translation>
  </message>
  <message>
   <source>put it into the wire</source>
   <translation>将其插入连线</translation>
  </message>
  <message>
   <source>random</source>
   <translation>随机</translation>
  </message>
  <message>
   <source>rename the node</source>
   <translation>重命名节点</translation>
  </message>
  <message>
   <source>result</source>
   <translation>结果</translation>
  </message>
  <message>
   <source>run</source>
   <translation>运行</translation>
  </message>
  <message>
   <source>running</source>
   <translation>正在运行</translation>
  </message>
  <message>
   <source>seed {0}</source>
   <translation>种子 {0}</translation>
  </message>
  <message>
   <source>select what lies in the frame</source>
   <translation>选择框内的内容</translation>
  </message>
  <message>
   <source>shape</source>
   <translation>形状</translation>
  </message>
  <message>
   <source>share</source>
   <translation>比例</translation>
  </message>
  <message>
   <source>share at or beyond 1</source>
   <translation>达到或超出 1 的比例</translation>
  </message>
  <message>
   <source>share of the one before</source>
   <translation>相对前一个的比例</translation>
  </message>
  <message>
   <source>share of the result that is there</source>
   <translation>结果中已有的份额</translation>
  </message>
  <message>
   <source>share of values</source>
   <translation>值的比例</translation>
  </message>
  <message>
   <source>share of values at or beyond 1</source>
   <translation>达到或超出 1 的值的比例</translation>
  </message>
  <message>
   <source>shares</source>
   <translation>比例</translation>
  </message>
  <message>
   <source>show the selection, show all</source>
   <translation>显示所选、显示全部</translation>
  </message>
  <message>
   <source>side by side</source>
   <translation>并排</translation>
  </message>
  <message>
   <source>sigma</source>
   <translation>sigma</translation>
  </message>
  <message>
   <source>signal to noise</source>
   <translation>信噪比</translation>
  </message>
  <message>
   <source>signal to noise ratio (dB)</source>
   <translation>信噪比 (dB)</translation>
  </message>
  <message>
   <source>size</source>
   <translation>大小</translation>
  </message>
  <message>
   <source>size of the foreseen values</source>
   <translation>预测值的大小</translation>
  </message>
  <message>
   <source>sizes</source>
   <translation>大小</translation>
  </message>
  <message>
   <source>skipped</source>
   <translation>已跳过</translation>
  </message>
  <message>
   <source>step</source>
   <translation>步</translation>
  </message>
  <message>
   <source>step {0} of {1}</source>
   <translation>第 {0}/{1} 步</translation>
  </message>
  <message>
   <source>steps</source>
   <translation>步</translation>
  </message>
  <message>
   <source>strength</source>
   <translation>强度</translation>
  </message>
  <message>
   <source>t</source>
   <translation>t</translation>
  </message>
  <message>
   <source>taken out</source>
   <translation>已移出</translation>
  </message>
  <message>
   <source>text</source>
   <translation>文本</translation>
  </message>
  <message>
   <source>the most frequent first</source>
   <translation>最常见的在前</translation>
  </message>
  <message>
   <source>the same for all</source>
   <translation>全部相同</translation>
  </message>
  <message>
   <source>there is no text in this workflow to compare with; write one</source>
   <translation>此工作流中没有可比较的文本；请写一条</translation>
  </message>
  <message>
   <source>these two cannot be compared by their values</source>
   <translation>这两者无法按数值比较</translation>
  </message>
  <message>
   <source>they do not part: no value differs</source>
   <translation>没有分开：所有值都相同</translation>
  </message>
  <message>
   <source>they part at step {0}</source>
   <translation>从第 {0} 步开始不同</translation>
  </message>
  <message>
   <source>this image</source>
   <translation>这张图片</translation>
  </message>
  <message>
   <source>this is no number</source>
   <translation>这不是数值</translation>
  </message>
  <message>
   <source>this step has no prediction without the text, so there is no direction to draw</source>
   <translation>这一步没有不带文本的预测，所以没有方向可画</translation>
  </message>
  <message>
   <source>this value has no steps that could be shown one after the other</source>
   <translation>这个值没有可以依次显示的步骤</translation>
  </message>
  <message>
   <source>this value is not in memory any more; run its node to see it</source>
   <translation>此值已不在内存中；运行其节点即可查看</translation>
  </message>
  <message>
   <source>those that the starter models know</source>
   <translation>入门模型所知道的</translation>
  </message>
  <message>
   <source>threshold</source>
   <translation>阈值</translation>
  </message>
  <message>
   <source>timestep</source>
   <translation>时间步</translation>
  </message>
  <message>
   <source>token</source>
   <translation>词元</translation>
  </message>
  <message>
   <source>unconditional</source>
   <translation>无条件预测</translation>
  </message>
  <message>
   <source>up to the end of the text</source>
   <translation>到文本结束</translation>
  </message>
  <message>
   <source>v</source>
   <translation>v</translation>
  </message>
  <message>
   <source>value</source>
   <translation>值</translation>
  </message>
  <message>
   <source>velocity</source>
   <translation>速度</translation>
  </message>
  <message>
   <source>waiting</source>
   <translation>等待中</translation>
  </message>
  <message>
   <source>wipe</source>
   <translation>划变</translation>
  </message>
  <message>
   <source>wired</source>
   <translation>已连线</translation>
  </message>
  <message>
   <source>with the text</source>
   <translation>有文本</translation>
  </message>
  <message>
   <source>word</source>
   <translation>词</translation>
  </message>
  <message>
   <source>write captions of your own, one a line, or choose those that the starter models know</source>
   <translation>请写入自己的描述，每行一条，或选择入门模型所知的描述</translation>
  </message>
  <message>
   <source>x</source>
   <translation>x</translation>
  </message>
  <message>
   <source>x_0</source>
   <translation>x_0</translation>
  </message>
  <message>
   <source>yes</source>
   <translation>是</translation>
  </message>
  <message>
   <source>zoom</source>
   <translation>缩放</translation>
  </message>
  <message>
   <source>{0!r} gives nothing that fits {1}, which takes {2}</source>
   <translation>{0!r} 没有适合 {1} 的输出，它接受 {2}</translation>
  </message>
  <message>
   <source>{0} Finely</source>
   <translation>{0}（微调）</translation>
  </message>
  <message>
   <source>{0} bypassed</source>
   <translation>{0} 个绕过</translation>
  </message>
  <message>
   <source>{0} bytes</source>
   <translation>{0} 字节</translation>
  </message>
  <message>
   <source>{0} cannot be shown</source>
   <translation>无法显示 {0}</translation>
  </message>
  <message>
   <source>{0} failed</source>
   <translation>{0} 个失败</translation>
  </message>
  <message>
   <source>{0} finds every command by its words, {1} lists the keys. The course in the view menu explains how the models work.</source>
   <translation>{0} 按文字查找任何命令，{1} 列出按键。视图菜单中的课程讲解模型如何工作。</translation>
  </message>
  <message>
   <source>{0} left</source>
   <translation>剩余 {0}</translation>
  </message>
  <message>
   <source>{0} more changes</source>
   <translation>另有 {0} 处更改</translation>
  </message>
  <message>
   <source>{0} more: type a part of a name</source>
   <translation>还有 {0} 个：输入名称的一部分</translation>
  </message>
  <message>
   <source>{0} muted</source>
   <translation>{0} 个静音</translation>
  </message>
  <message>
   <source>{0} of 255</source>
   <translation>{0}（满 255）</translation>
  </message>
  <message>
   <source>{0} of {1} done</source>
   <translation>已完成 {0} / {1}</translation>
  </message>
  <message>
   <source>{0} of {1} tokens</source>
   <translation>{0} / {1} 个词元</translation>
  </message>
  <message>
   <source>{0} on the canvas finds a node by a few letters, or by ComfyUI's name; or drop a wire on the ground.</source>
   <translation>在画布上按 {0}，输入几个字母或 ComfyUI 的名称即可找到节点；也可以把连线拖到空白处松开。</translation>
  </message>
  <message>
   <source>{0} runs the workflow. Only what a change concerns is computed again; {1} stops it.</source>
   <translation>{0} 运行工作流。只重新计算受更改影响的部分；{1} 停止运行。</translation>
  </message>
  <message>
   <source>{0} skipped</source>
   <translation>{0} 个跳过</translation>
  </message>
  <message>
   <source>{0} texts along {1} steps</source>
   <translation>{1} 步中有 {0} 段文本</translation>
  </message>
  <message>
   <source>{0} tokens</source>
   <translation>{0} 个词元</translation>
  </message>
  <message>
   <source>{0} tokens in {1} chunks</source>
   <translation>{0} 个词元，分 {1} 段</translation>
  </message>
  <message>
   <source>{0}, not for this</source>
   <translation>{0}，不适用于此处</translation>
  </message>
 </context>
</TS>
